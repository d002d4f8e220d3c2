package dev.comet.servlet;

import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAPackage;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAnyPackage;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;
import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import dev.comet.Comet;
import dev.comet.servlet.dialect.Dialect;
import dev.comet.servlet.dialect.Framing;
import org.junit.jupiter.api.Test;

/** design.md, "The house": who may know whom. */
final class ArchitectureTest {
    private static final String CORE = "dev.comet";
    private static final String SPI = "dev.comet.spi";
    private static final String SERVLET = "dev.comet.servlet";
    private static final String DIALECT = "dev.comet.servlet.dialect";

    private static final JavaClasses HOUSE = new ClassFileImporter()
            .withImportOption(new ImportOption.DoNotIncludeTests())
            .importPackages(CORE);

    /** Every rule here is true of an empty house, so: it is not. */
    @Test
    void house_isThere() {
        assertThat(HOUSE.contain(Comet.class)).isTrue();
        assertThat(HOUSE.contain(HeldResponse.class)).isTrue();
        assertThat(HOUSE.contain(DIALECT + ".nativewire.NativeDialect")).isTrue();
        assertThat(HOUSE.contain(ArchitectureTest.class)).isFalse();
    }

    // ---- example → servlet → core

    @Test
    void core_knowsTheJdkOnly() {
        classes()
                .that()
                .resideInAnyPackage(CORE, SPI)
                .should()
                .onlyDependOnClassesThat(resideInAnyPackage(
                                CORE, SPI, "java.lang..", "java.util..", "java.time..", "java.nio..", "java.security..")
                        .or(resideInAPackage("org.jspecify.."))
                        .or(resideInAnyPackage("javax.management..", "java.lang.management..")))
                .because("comet-core has no dependency beyond java.base, and java.management for JMX")
                .check(HOUSE);
    }

    @Test
    void jmx_isKnownToJmxOnly() {
        noClasses()
                .that()
                .haveSimpleNameNotStartingWith("Jmx")
                .and()
                .haveSimpleNameNotEndingWith("MXBean")
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage("javax.management..", "java.lang.management..")
                .because("java.management is optional")
                .check(HOUSE);
    }

    @Test
    void nobody_knowsTheExample() {
        noClasses()
                .that()
                .resideOutsideOfPackage("dev.comet.example..")
                .should()
                .dependOnClassesThat()
                .resideInAPackage("dev.comet.example..")
                .check(HOUSE);
    }

    @Test
    void servlet_knowsCore_theServletApi_andJacksonCore() {
        classes()
                .that()
                .resideInAPackage(SERVLET + "..")
                .should()
                .onlyDependOnClassesThat()
                .resideInAnyPackage(
                        CORE,
                        SERVLET + "..",
                        "java..",
                        "javax.crypto..",
                        "jakarta.servlet",
                        "jakarta.servlet.http",
                        "com.fasterxml.jackson.core..",
                        "org.jspecify..")
                .check(HOUSE);
    }

    // ---- dialects: a function from request to reply

    @Test
    void dialects_haveNoJakarta() {
        noClasses()
                .that()
                .resideInAPackage(DIALECT + "..")
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage("jakarta..", "javax.servlet..")
                .check(HOUSE);
    }

    @Test
    void dialects_knowTheSmallTypesAndTheCore_notTheContainersSide() {
        noClasses()
                .that()
                .resideInAPackage(DIALECT + "..")
                .should()
                .dependOnClassesThat()
                .resideInAPackage(SERVLET)
                .check(HOUSE);
    }

    @Test
    void dialects_doNotKnowEachOther_norDoTheSmallTypesKnowThem() {
        slices().matching(DIALECT + ".(*)..").should().notDependOnEachOther().check(HOUSE);
        noClasses()
                .that()
                .resideInAPackage(DIALECT)
                .should()
                .dependOnClassesThat()
                .resideInAPackage(DIALECT + ".*..")
                .check(HOUSE);
    }

    @Test
    void dialects_startNoThread_andSetNoTimer() {
        noClasses()
                .that()
                .resideInAPackage(DIALECT + "..")
                .should()
                .dependOnClassesThat()
                .haveFullyQualifiedName("dev.comet.Scheduler")
                .orShould()
                .dependOnClassesThat()
                .haveFullyQualifiedName("java.lang.Thread")
                .orShould()
                .dependOnClassesThat()
                .haveFullyQualifiedName("java.util.Timer")
                .orShould()
                .dependOnClassesThat()
                .haveNameMatching(
                        "java\\.util\\.concurrent\\.(Executor.*|.*Executor|.*ExecutorService|ForkJoin.*|CompletableFuture|.*Lock|Semaphore|CountDownLatch)")
                .orShould()
                .dependOnClassesThat()
                .resideInAPackage("java.util.concurrent.locks")
                .check(HOUSE);
    }

    @Test
    void dialectsThemselves_haveNoStateButSettings() {
        classes().that().implement(Dialect.class).should().haveOnlyFinalFields().check(HOUSE);
    }

    @Test
    void dialects_areOnlyChosenByServlets() {
        noClasses()
                .that()
                .resideInAPackage(SERVLET)
                .and()
                .haveSimpleNameNotEndingWith("Servlet")
                .and()
                .doNotHaveSimpleName("CometConfig")
                .and()
                .haveNameNotMatching(".*CometConfig\\$.*")
                .should()
                .dependOnClassesThat()
                .resideInAPackage(DIALECT + ".*..")
                .because("HeldResponse and its neighbours know Dialect and Framing, never one of them")
                .check(HOUSE);
    }

    @Test
    void framings_liveInTheirDialects() {
        classes()
                .that()
                .implement(Framing.class)
                .should()
                .resideInAPackage(DIALECT + ".*..")
                .andShould()
                .notBePublic()
                .check(HOUSE);
    }

    // ---- the container's side

    @Test
    void nonBlockingWrites_areHeldResponsesAndAnswersOnly() {
        noClasses()
                .that()
                .doNotHaveSimpleName("HeldResponse")
                .and()
                .doNotHaveSimpleName("Answer")
                .should()
                .dependOnClassesThat()
                .haveFullyQualifiedName("jakarta.servlet.WriteListener")
                .check(HOUSE);
        noClasses()
                .that()
                .doNotHaveSimpleName("HeldResponse")
                .should()
                .dependOnClassesThat()
                .haveFullyQualifiedName("jakarta.servlet.AsyncListener")
                .check(HOUSE);
    }

    @Test
    void writeListener_isReallyUsed() {
        assertThat(HOUSE.stream()
                        .filter(c -> c.getAllRawInterfaces().stream()
                                .map(JavaClass::getSimpleName)
                                .anyMatch("WriteListener"::equals))
                        .map(JavaClass::getSimpleName))
                .containsExactlyInAnyOrder("HeldResponse", "Answer");
    }

    @Test
    void api_isWhatIsPublic() {
        classes()
                .that()
                .resideInAPackage(SERVLET)
                .and()
                .areTopLevelClasses()
                .and()
                .haveSimpleNameNotStartingWith("Comet")
                .and()
                .haveNameNotMatching(".*\\.(Tokens|(Icomet|IcometAdmin|SimpleComet|Stardust|CComet)Servlet)")
                .should()
                .notBePublic()
                .check(HOUSE);
    }

    // ---- time is injected

    @Test
    void clocksAndThreads_areTheSchedulers() {
        noClasses()
                .that()
                .doNotHaveSimpleName("WheelScheduler")
                .and()
                .haveNameNotMatching(".*WheelScheduler\\$.*")
                .and()
                .resideOutsideOfPackage("dev.comet.example..")
                .should()
                .callMethod(System.class, "nanoTime")
                .orShould()
                .callMethod(System.class, "currentTimeMillis")
                .orShould()
                .callMethod(Thread.class, "sleep", long.class)
                .orShould()
                .callConstructor(Thread.class, Runnable.class)
                .orShould()
                .callConstructor(Thread.class, Runnable.class, String.class)
                .orShould()
                .callMethod(Thread.class, "start")
                .orShould()
                .callMethod(java.time.Instant.class, "now")
                .check(HOUSE);
    }
}
