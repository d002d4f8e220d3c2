package dev.comet.servlet;

/**
 * How much happens in one exploration; within it everything is tried, in every order. <i>Immutable.</i>
 *
 * @param wakers threads that publish, close or end, each one thing at a time
 * @param messages how many are published
 * @param end whether the subscriber may be asked to end
 * @param close whether the channel may be closed
 * @param stalls how often the container is not ready
 * @param errors how often something fails: a call throws, the container reports an error or its own end
 * @param ticks how often the timer fires
 * @param spurious how often the container calls onWritePossible for no reason
 * @param ends whether the response ends after a batch
 * @param words whether there is a prologue and an epilogue
 * @param share after how many writes the drainer hands over; 0 for never
 * @param shutdown whether the hub may be closed, and then its scheduler
 */
record HoldModelBounds(
        int wakers,
        int messages,
        boolean end,
        boolean close,
        int stalls,
        int errors,
        int ticks,
        int spurious,
        boolean ends,
        boolean words,
        int share,
        boolean shutdown) {

    static HoldModelBounds stream() {
        return new HoldModelBounds(2, 0, false, false, 0, 0, 0, 0, false, true, 0, false);
    }

    static HoldModelBounds poll() {
        return new HoldModelBounds(2, 0, false, false, 0, 0, 0, 0, true, false, 0, false);
    }

    HoldModelBounds wakers(int n) {
        return new HoldModelBounds(
                n, messages, end, close, stalls, errors, ticks, spurious, ends, words, share, shutdown);
    }

    HoldModelBounds messages(int n) {
        return new HoldModelBounds(
                wakers, n, end, close, stalls, errors, ticks, spurious, ends, words, share, shutdown);
    }

    HoldModelBounds ended() {
        return new HoldModelBounds(
                wakers, messages, true, close, stalls, errors, ticks, spurious, ends, words, share, shutdown);
    }

    HoldModelBounds closed() {
        return new HoldModelBounds(
                wakers, messages, end, true, stalls, errors, ticks, spurious, ends, words, share, shutdown);
    }

    HoldModelBounds stalls(int n) {
        return new HoldModelBounds(
                wakers, messages, end, close, n, errors, ticks, spurious, ends, words, share, shutdown);
    }

    HoldModelBounds errors(int n) {
        return new HoldModelBounds(
                wakers, messages, end, close, stalls, n, ticks, spurious, ends, words, share, shutdown);
    }

    HoldModelBounds ticks(int n) {
        return new HoldModelBounds(
                wakers, messages, end, close, stalls, errors, n, spurious, ends, words, share, shutdown);
    }

    HoldModelBounds spurious(int n) {
        return new HoldModelBounds(
                wakers, messages, end, close, stalls, errors, ticks, n, ends, words, share, shutdown);
    }

    HoldModelBounds share(int n) {
        return new HoldModelBounds(
                wakers, messages, end, close, stalls, errors, ticks, spurious, ends, words, n, shutdown);
    }

    HoldModelBounds shuttingDown() {
        return new HoldModelBounds(
                wakers, messages, end, close, stalls, errors, ticks, spurious, ends, words, share, true);
    }
}
