package dev.comet;

import java.util.Map;

/** {@link Stats} for JMX consoles, one attribute a figure. Registered by {@link Comet.Builder#jmx}. */
public interface CometMXBean {
    /** See {@link Stats#channels}. */
    int getChannels();

    /** See {@link Stats#subscribers}. */
    int getSubscribers();

    /** See {@link Stats#subscribersBySource}. */
    Map<String, Integer> getSubscribersBySource();

    /** See {@link Stats#sessions}. */
    int getSessions();

    /** See {@link Stats#historyBytes}. */
    long getHistoryBytes();

    /** See {@link Stats#published}. */
    long getPublished();

    /** See {@link Stats#delivered}. */
    long getDelivered();

    /** See {@link Stats#gaps}. */
    long getGaps();

    /** See {@link Stats#lost}. */
    long getLost();

    /** See {@link Stats#resets}. */
    long getResets();

    /** See {@link Stats#refusals}. */
    Map<String, Long> getRefusals();

    /** See {@link Stats#closes}. */
    Map<String, Long> getCloses();

    /** See {@link Comet#unreachable}; no text while it is reachable. */
    String getUnreachable();
}
