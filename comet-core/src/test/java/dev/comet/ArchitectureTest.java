package dev.comet;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.Dependency;
import com.tngtech.archunit.core.domain.JavaAccess;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.domain.JavaCodeUnit;
import com.tngtech.archunit.core.domain.JavaMember;
import com.tngtech.archunit.core.domain.JavaModifier;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.lang.ArchCondition;
import com.tngtech.archunit.lang.ConditionEvents;
import com.tngtech.archunit.lang.SimpleConditionEvent;
import java.time.Clock;
import java.time.Instant;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** What the core knows: nothing but the JDK's base, and of that no clock and no thread but through its scheduler. */
class ArchitectureTest {
    private static final JavaClasses CORE = new ClassFileImporter()
            .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
            .importPackages("dev.comet");

    private static final Set<String> CLOCKS = Set.of(
            "java.lang.System.currentTimeMillis",
            "java.lang.System.nanoTime",
            "java.lang.Thread.sleep",
            "java.util.Timer.<init>");

    @Test
    void theCoreIsThere() {
        assertThat(CORE.contain(Comet.class)).isTrue();
        assertThat(CORE.contain(ArchitectureTest.class)).isFalse();
    }

    @Test
    void dependsOnJavaBaseAlone_butForTheBean() {
        classes()
                .should(new ArchCondition<>("depend on java.base alone") {
                    @Override
                    public void check(JavaClass item, ConditionEvents events) {
                        for (Dependency dependency : item.getDirectDependenciesFromSelf()) {
                            JavaClass target = dependency.getTargetClass().getBaseComponentType();
                            if (!isAllowed(item, target)) {
                                events.add(SimpleConditionEvent.violated(item, dependency.getDescription()));
                            }
                        }
                    }
                })
                .check(CORE);
    }

    private static boolean isAllowed(JavaClass from, JavaClass target) {
        if (target.isPrimitive()
                || target.getPackageName().equals("dev.comet")
                || target.getPackageName().equals("dev.comet.spi")
                || target.getPackageName().equals("org.jspecify.annotations")) {
            return true;
        }
        String module = moduleOf(target);
        return module.equals("java.base")
                || (module.equals("java.management")
                        && (from.isEquivalentTo(Jmx.class) || from.isEquivalentTo(CometMXBean.class)));
    }

    private static String moduleOf(JavaClass target) {
        try {
            String name =
                    Class.forName(target.getName(), false, null).getModule().getName();
            return name == null ? "" : name;
        } catch (ClassNotFoundException e) {
            return "";
        }
    }

    @Test
    void clocksAndTimers_onlyInTheSchedulerForProduction() {
        noClasses()
                .that()
                .doNotBelongToAnyOf(WheelScheduler.class)
                .should()
                .accessTargetWhere(new DescribedPredicate<JavaAccess<?>>("reads a clock or sleeps") {
                    @Override
                    public boolean test(JavaAccess<?> access) {
                        String owner = access.getTargetOwner().getName();
                        String name = access.getName();
                        return CLOCKS.contains(owner + "." + name)
                                || (name.equals("now") && owner.equals(Instant.class.getName()))
                                || owner.equals(Clock.class.getName());
                    }
                })
                .check(CORE);
    }

    @Test
    void threads_onlyInTheSchedulerForProduction() {
        noClasses()
                .that()
                .doNotBelongToAnyOf(WheelScheduler.class)
                .should()
                .callConstructorWhere(new DescribedPredicate<>("makes a thread") {
                    @Override
                    public boolean test(com.tngtech.archunit.core.domain.JavaConstructorCall call) {
                        return call.getTargetOwner().isAssignableTo(Thread.class);
                    }
                })
                .check(CORE);
    }

    @Test
    void noStaticStateThatChanges() {
        assertThat(CORE.stream()
                        .flatMap(c -> c.getFields().stream())
                        .filter(field -> field.getModifiers().contains(JavaModifier.STATIC))
                        .filter(field -> !field.getModifiers().contains(JavaModifier.FINAL)))
                .isEmpty();
    }

    @Test
    void noPublicClassShowsAPackagePrivateType() {
        Set<String> shown = CORE.stream()
                .filter(ArchitectureTest::isVisible)
                .flatMap(ArchitectureTest::exposedTypes)
                .collect(Collectors.toSet());
        assertThat(shown).isEmpty();
    }

    private static Stream<String> exposedTypes(JavaClass type) {
        Stream<String> ofMembers = type.getMembers().stream()
                .filter(member -> isOpen(member.getModifiers()))
                .flatMap(member -> involved(member)
                        .filter(ArchitectureTest::isHidden)
                        .map(hidden -> member.getFullName() + " shows " + hidden.getName()));
        Stream<String> ofParents = Stream.concat(type.getRawSuperclass().stream(), type.getRawInterfaces().stream())
                .filter(ArchitectureTest::isHidden)
                .map(hidden -> type.getName() + " is a " + hidden.getName());
        return Stream.concat(ofMembers, ofParents);
    }

    private static Stream<JavaClass> involved(JavaMember member) {
        Stream<JavaClass> thrown =
                member instanceof JavaCodeUnit unit ? unit.getThrowsClause().getTypes().stream() : Stream.empty();
        return Stream.concat(member.getAllInvolvedRawTypes().stream(), thrown).map(JavaClass::getBaseComponentType);
    }

    private static boolean isHidden(JavaClass type) {
        return type.getPackageName().startsWith("dev.comet") && !isVisible(type);
    }

    private static boolean isVisible(JavaClass type) {
        return isOpen(type.getModifiers())
                && type.getEnclosingClass().map(ArchitectureTest::isVisible).orElse(true);
    }

    private static boolean isOpen(Set<JavaModifier> modifiers) {
        return modifiers.contains(JavaModifier.PUBLIC) || modifiers.contains(JavaModifier.PROTECTED);
    }
}
