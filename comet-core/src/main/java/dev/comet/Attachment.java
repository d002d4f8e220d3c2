package dev.comet;

import org.jspecify.annotations.Nullable;

/**
 * One subscriber's place in one feed: the seq that it wants next. Of a subscriber of several channels there are several, as a
 * list. <i>The position is owned by the drainer.</i>
 */
final class Attachment {
    final Subscriber subscriber;
    final @Nullable Attachment sibling;

    // Changed by the drainer under the subscriber's lock, when another life has taken the place of this one.
    Feed feed;

    // Owned by the drainer, once attached.
    long next;
    /** The end of what this pass may hand out; of a subscriber of one channel it is not used. */
    long tail;
    /** A gap that is known before anything was read: the cursor came from another epoch. */
    @Nullable
    Gap pending;

    // Guarded by the feed's lock.
    Fanout.@Nullable Slice slice;
    int slot;

    Attachment(Feed feed, Subscriber subscriber, @Nullable Attachment sibling) {
        this.feed = feed;
        this.subscriber = subscriber;
        this.sibling = sibling;
    }

    /** The message to hand over next; null when it is not there yet, or no longer. */
    @Nullable
    Message peek() {
        return pending == null ? feed.ring.get(next) : null;
    }

    /** Whether {@link #takeGap} has one to take. */
    boolean hasGap() {
        return pending != null || feed.ring.oldest() > next;
    }

    /** Takes the gap before the next message, when there is one. */
    @Nullable
    Gap takeGap() {
        Gap gap = pending;
        if (gap != null) {
            pending = null;
            return gap;
        }
        long oldest = feed.ring.oldest();
        if (oldest <= next) {
            return null;
        }
        gap = feed.isPresence()
                ? new Gap(feed.channel.name(), Gap.Reason.PRESENCE, 0, 0)
                : new Gap(feed.channel.name(), Gap.Reason.LAPPED, next, oldest - 1);
        next = oldest;
        return gap;
    }
}
