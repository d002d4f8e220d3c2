package dev.comet;

import java.lang.management.ManagementFactory;
import java.util.Map;
import javax.management.JMException;
import javax.management.ObjectName;

/** The hub's bean in the platform's MBean server. The only class that needs java.management. <i>Thread-safe.</i> */
final class Jmx implements CometMXBean {
    private final Comet hub;
    private final ObjectName name;

    private Jmx(Comet hub, ObjectName name) {
        this.hub = hub;
        this.name = name;
    }

    /** Registers the hub; what is answered takes it off again. */
    static Runnable register(Comet hub, String name) {
        try {
            Jmx bean = new Jmx(hub, new ObjectName("dev.comet:type=Comet,name=" + ObjectName.quote(name)));
            ManagementFactory.getPlatformMBeanServer().registerMBean(bean, bean.name);
            return bean::unregister;
        } catch (JMException e) {
            throw new IllegalStateException("cannot register the hub as '" + name + "' with JMX", e);
        }
    }

    private void unregister() {
        try {
            ManagementFactory.getPlatformMBeanServer().unregisterMBean(name);
        } catch (JMException e) {
            hub.problem("cannot take the hub off JMX", e);
        }
    }

    @Override
    public int getChannels() {
        return hub.stats().channels();
    }

    @Override
    public int getSubscribers() {
        return hub.stats().subscribers();
    }

    @Override
    public Map<String, Integer> getSubscribersBySource() {
        return hub.stats().subscribersBySource();
    }

    @Override
    public int getSessions() {
        return hub.stats().sessions();
    }

    @Override
    public long getHistoryBytes() {
        return hub.stats().historyBytes();
    }

    @Override
    public long getPublished() {
        return hub.stats().published();
    }

    @Override
    public long getDelivered() {
        return hub.stats().delivered();
    }

    @Override
    public long getGaps() {
        return hub.stats().gaps();
    }

    @Override
    public long getLost() {
        return hub.stats().lost();
    }

    @Override
    public long getResets() {
        return hub.stats().resets();
    }

    @Override
    public Map<String, Long> getRefusals() {
        return hub.stats().refusals();
    }

    @Override
    public Map<String, Long> getCloses() {
        return hub.stats().closes();
    }

    @Override
    public String getUnreachable() {
        return hub.unreachable().orElse("");
    }
}
