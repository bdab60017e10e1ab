package io.github.r2dbcsession;

import static com.tngtech.archunit.base.DescribedPredicate.describe;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAPackage;
import static com.tngtech.archunit.lang.SimpleConditionEvent.violated;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.codeUnits;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;
import static java.util.Map.entry;
import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.core.domain.JavaAccess;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.domain.JavaCodeUnit;
import com.tngtech.archunit.core.domain.JavaModifier;
import com.tngtech.archunit.core.domain.JavaType;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.lang.ArchCondition;
import com.tngtech.archunit.lang.ArchRule;
import com.tngtech.archunit.lang.ConditionEvents;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

class ArchitectureTest {

    private static final String BASE = ArchitectureTest.class.getPackageName();
    private static final String INTERNAL = BASE + ".internal..";
    private static final Path PUBLIC_TYPES = Path.of("src/test/resources/public-api.txt");

    private static final JavaClasses LIBRARY = new ClassFileImporter()
            .withImportOption(new ImportOption.DoNotIncludeTests())
            .importPackages(BASE);

    /** The floors of the house, "" for the base package, and the floors each may import. */
    private static final Map<String, Set<String>> BELOW = Map.ofEntries(
            entry("config", Set.of()),
            entry("cell", Set.of()),
            entry("connection", Set.of("cell", "config")),
            entry("pool", Set.of("connection", "config")),
            entry("sql", Set.of("cell", "config")),
            entry("", Set.of("sql", "pool", "connection", "config")),
            entry("health", Set.of("", "sql", "pool", "connection", "config")),
            entry("micrometer", Set.of("", "sql", "pool", "connection", "config")),
            entry("jmx", Set.of("health", "", "sql", "pool", "connection", "config")),
            entry("http", Set.of("micrometer", "health", "", "sql", "pool", "connection", "config")),
            entry("cli", Set.of("micrometer", "health", "", "sql", "pool", "connection", "config")));

    @Test
    void importsPointDown() {
        check(classes().should(new ArchCondition<>("import from the floors below only") {
            @Override
            public void check(JavaClass type, ConditionEvents events) {
                Set<String> below = BELOW.get(floor(type));
                if (below == null) {
                    events.add(violated(type, type.getName() + " lies on no floor of the house"));
                    return;
                }
                type.getDirectDependenciesFromSelf().stream()
                        .filter(dependency ->
                                dependency.getTargetClass().getPackageName().startsWith(BASE))
                        .filter(dependency ->
                                !floor(dependency.getTargetClass()).equals(floor(type)))
                        .filter(dependency -> !below.contains(floor(dependency.getTargetClass())))
                        .forEach(dependency -> events.add(violated(type, dependency.getDescription())));
            }
        }));
    }

    @Test
    void packagesAreFreeOfCycles() {
        check(slices().matching(BASE + ".(**)").should().beFreeOfCycles());
    }

    @Test
    void adaptersKnowThePublicTypesOnly() {
        check(noClasses()
                .that()
                .resideInAnyPackage(floors("health", "micrometer", "jmx", "http", "cli"))
                .should()
                .dependOnClassesThat()
                .resideInAPackage(INTERNAL));
    }

    @Test
    void publicSignaturesNameNoInternalType() {
        check(codeUnits()
                .that()
                .arePublic()
                .and()
                .areDeclaredInClassesThat()
                .arePublic()
                .and()
                .areDeclaredInClassesThat()
                .resideOutsideOfPackage(INTERNAL)
                .should(new ArchCondition<JavaCodeUnit>("name no internal type") {
                    @Override
                    public void check(JavaCodeUnit method, ConditionEvents events) {
                        Stream.concat(Stream.of(method.getReturnType()), method.getParameterTypes().stream())
                                .map(JavaType::getAllInvolvedRawTypes)
                                .flatMap(Set::stream)
                                .filter(resideInAPackage(INTERNAL))
                                .forEach(type -> events.add(
                                        violated(method, method.getDescription() + " names " + type.getName())));
                    }
                }));
    }

    @Test
    void nothingBlocksOutsideTheCommandLine() {
        check(noClasses()
                .that()
                .resideOutsideOfPackages(floors("cli"))
                .should()
                .accessTargetWhere(describe("the target blocks its caller", ArchitectureTest::blocks)));
    }

    @Test
    void optionalLibrariesStayInTheirAdapters() {
        onlyIn(floors("micrometer", "http"), "io.micrometer..");
        onlyIn(floors("http", "cli", "sql"), "com.fasterxml..");
        check(noClasses()
                .that()
                .resideInAnyPackage(floors("sql"))
                .and()
                .doNotHaveSimpleName("JacksonCodec")
                .should()
                .dependOnClassesThat()
                .resideInAPackage("com.fasterxml.."));
        onlyIn(floors("http"), "reactor.netty.http..");
        onlyIn(floors("cli"), "picocli..");
    }

    @Test
    void configIsPure() {
        check(noClasses()
                .that()
                .resideInAnyPackage(floors("config"))
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage("reactor..", "io.netty..", "io.r2dbc.pool..", "java.net.http.."));
    }

    @Test
    void namesSayWhatATypeIs() {
        check(noClasses().should().haveNameMatching(".*\\.[^.]*(Util|Helper|(?<!Trust|Key)Manager)[^.]*"));
    }

    /** After a deliberate change: {@code mvn -q test -Dtest=ArchitectureTest -Dpublic.types=write}, then read the diff. */
    @Test
    void publicTypesAreTheListedOnes() throws IOException {
        List<String> types = LIBRARY.stream()
                .filter(ArchitectureTest::reachable)
                .filter(type -> !resideInAPackage(INTERNAL).test(type))
                .map(JavaClass::getName)
                .filter(name -> !name.endsWith("package-info"))
                .sorted()
                .toList();
        if (System.getProperty("public.types", "check").equals("write")) {
            Files.write(PUBLIC_TYPES, types);
        }

        assertThat(types).isEqualTo(Files.readAllLines(PUBLIC_TYPES));
    }

    private static boolean reachable(JavaClass type) {
        return type.getModifiers().contains(JavaModifier.PUBLIC)
                && type.getEnclosingClass().map(ArchitectureTest::reachable).orElse(true);
    }

    private static boolean blocks(JavaAccess<?> access) {
        JavaClass owner = access.getTargetOwner();
        if (owner.isAssignableTo(Mono.class) || owner.isAssignableTo(Flux.class)) {
            return access.getName().matches("block.*|toIterable|toStream");
        }
        return owner.isEquivalentTo(Thread.class) && access.getName().equals("sleep");
    }

    private static String floor(JavaClass type) {
        return type.getPackageName()
                .substring(BASE.length())
                .replaceFirst("^\\.internal\\b", "")
                .replaceFirst("^\\.([^.]*).*", "$1");
    }

    private static String[] floors(String... names) {
        return Stream.of(names)
                .flatMap(name -> Stream.of(BASE + "." + name + "..", BASE + ".internal." + name + ".."))
                .toArray(String[]::new);
    }

    private static void onlyIn(String[] floors, String library) {
        check(noClasses()
                .that()
                .resideOutsideOfPackages(floors)
                .should()
                .dependOnClassesThat()
                .resideInAPackage(library));
    }

    /** A floor may still be empty, and with it what a rule is about. */
    private static void check(ArchRule rule) {
        rule.allowEmptyShould(true).check(LIBRARY);
    }
}
