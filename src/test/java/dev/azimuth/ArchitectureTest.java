package dev.azimuth;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.params.provider.Arguments.argumentSet;

import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.domain.JavaPackage;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.lang.ArchRule;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.NullMarked;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** The rooms of the house and who may know whom. */
final class ArchitectureTest {
  private static final String HOUSE = "dev.azimuth.";

  /** What every room may use: the JDK and annotations that vanish. */
  private static final List<String> EVERYWHERE =
      List.of("java..", "javax..", "jdk.incubator.vector..", "org.jspecify.annotations..");

  /** For each room the rooms it knows and the libraries it uses. */
  private static final Map<String, Room> ROOMS =
      new TreeMap<>(
          Map.of(
              "tensor", new Room(List.of(), List.of()),
              "autograd", new Room(List.of("tensor"), List.of()),
              "nn", new Room(List.of("tensor", "autograd"), List.of()),
              "diffusion",
                  new Room(List.of("tensor", "autograd", "nn"), List.of("com.fasterxml.jackson..")),
              "views",
                  new Room(
                      List.of("tensor"), List.of("com.fasterxml.jackson..", "de.javagl.jgltf..")),
              "metrics",
                  new Room(
                      List.of("tensor", "autograd", "nn", "diffusion"),
                      List.of("org.apache.commons.math3..")),
              "kernels", new Room(List.of("tensor"), List.of("jcuda..")),
              "app",
                  new Room(
                      List.of("tensor", "autograd", "nn", "diffusion", "metrics", "views"),
                      List.of(
                          "com.fasterxml.jackson..",
                          "com.madgag.gif.fmsware..",
                          "me.tongfei.progressbar..",
                          "org.knowm.xchart..",
                          "picocli..")),
              "benchmarks",
                  new Room(
                      List.of("tensor", "autograd", "nn", "diffusion", "metrics", "views", "app"),
                      List.of(
                          "ai.djl..", "org.knowm.xchart..", "org.openjdk.jmh..", "picocli.."))));

  private static JavaClasses house;

  private record Room(List<String> rooms, List<String> libraries) {
    ArchRule rule(String name) {
      String[] allowed =
          Stream.of(
                  EVERYWHERE.stream(),
                  libraries.stream(),
                  rooms.stream().map(room -> HOUSE + room + ".."),
                  Stream.of(HOUSE + name + ".."))
              .flatMap(packages -> packages)
              .toArray(String[]::new);
      return classes()
          .that()
          .resideInAPackage(HOUSE + name + "..")
          .should()
          .onlyDependOnClassesThat()
          .resideInAnyPackage(allowed);
    }
  }

  @BeforeAll
  static void readTheHouse() {
    house =
        new ClassFileImporter()
            .withImportOption(new ImportOption.DoNotIncludeTests())
            .importPackages("dev.azimuth");
  }

  static Stream<Arguments> rooms() {
    return ROOMS.entrySet().stream()
        .map(room -> argumentSet(room.getKey(), room.getKey(), room.getValue()));
  }

  @ParameterizedTest
  @MethodSource("rooms")
  void knowsOnlyWhatItMay(String name, Room room) {
    room.rule(name).check(house);
  }

  @Test
  void everyRoomHasItsRule() {
    assertEquals(
        ROOMS.keySet(),
        house.stream()
            .map(ArchitectureTest::roomOf)
            .collect(Collectors.toCollection(TreeSet::new)));
  }

  @Test
  void aForbiddenArrowIsSeen() {
    ArchRule tooStrict = new Room(List.of(), List.of()).rule("autograd");
    assertTrue(tooStrict.evaluate(house).hasViolation());
  }

  @Test
  void everyPackageIsNullMarked() {
    List<String> unmarked =
        house.stream()
            .filter(type -> !type.getPackageName().endsWith(".jmh_generated"))
            .map(JavaClass::getPackage)
            .distinct()
            .filter(room -> !room.isAnnotatedWith(NullMarked.class))
            .map(JavaPackage::getName)
            .toList();
    assertEquals(List.of(), unmarked);
  }

  @Test
  void typesAreNounsOfTheField() {
    noClasses()
        .that()
        .resideOutsideOfPackage("..jmh_generated..")
        .should()
        .haveNameMatching(".*(Utils?|Helpers?|Managers?)$")
        .check(house);
  }

  private static String roomOf(JavaClass type) {
    return type.getPackageName().substring(HOUSE.length()).split("\\.", 2)[0];
  }
}
