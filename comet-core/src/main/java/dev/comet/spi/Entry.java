package dev.comet.spi;

import dev.comet.Draft;
import dev.comet.Message;

/**
 * A message as a log holds it, in the life in which it is told. <i>Immutable.</i>
 *
 * @param seq see {@link Place}, as id and timeMillis
 * @param kind {@link Message.Kind#MESSAGE} or {@link Message.Kind#BROADCAST}
 */
public record Entry(long seq, long id, long timeMillis, Message.Kind kind, Draft draft) {}
