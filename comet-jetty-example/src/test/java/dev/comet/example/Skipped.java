package dev.comet.example;

import java.util.Set;
import java.util.concurrent.ConcurrentSkipListSet;
import org.junit.platform.engine.TestExecutionResult;
import org.junit.platform.launcher.TestExecutionListener;
import org.junit.platform.launcher.TestIdentifier;
import org.junit.platform.launcher.TestPlan;

/** Says at the end what was not tested, and why, where Maven only counts. <i>Thread-safe.</i> */
public final class Skipped implements TestExecutionListener {
    private final Set<String> reasons = new ConcurrentSkipListSet<>();

    @Override
    public void executionSkipped(TestIdentifier test, String reason) {
        reasons.add(reason);
    }

    @Override
    public void executionFinished(TestIdentifier test, TestExecutionResult result) {
        if (result.getStatus() == TestExecutionResult.Status.ABORTED) {
            result.getThrowable().ifPresent(assumption -> reasons.add("" + assumption.getMessage()));
        }
    }

    @Override
    public void testPlanExecutionFinished(TestPlan plan) {
        for (String reason : reasons) {
            System.err.println("TESTS WERE SKIPPED: " + reason.replaceFirst("^Assumption failed: ", ""));
        }
    }
}
