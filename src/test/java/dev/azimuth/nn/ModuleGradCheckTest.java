package dev.azimuth.nn;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.DynamicTest.dynamicTest;

import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaModifier;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import dev.azimuth.autograd.GradReport;
import dev.azimuth.nn.ModuleChecks.ModuleCheck;
import dev.azimuth.tensor.Backend;
import dev.azimuth.tensor.DType;
import dev.azimuth.tensor.cpu.CpuBackend;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/**
 * Every module's gradients, in its inputs and all its parameters, against difference quotients, in
 * float64 on the scalar oracle, to 1e-7.
 */
class ModuleGradCheckTest {
  private static final double NEGATIVE_CONTROL = 1.001;

  private static final Backend CPU = CpuBackend.scalar(2);

  @AfterAll
  static void close() {
    CPU.close();
  }

  @TestFactory
  Stream<DynamicTest> everyModule() {
    return ModuleChecks.all(CPU, DType.FLOAT64).stream()
        .map(module -> dynamicTest(module.name(), () -> module.check().check()));
  }

  @Test
  void aGradientThatIsATenthOfAPercentOffFails() {
    for (ModuleCheck module : ModuleChecks.all(CPU, DType.FLOAT64)) {
      if (module.module() == Conv2d.class || module.module() == CrossAttention.class) {
        GradReport report = module.check().scalingGradientsBy(NEGATIVE_CONTROL).report();
        assertFalse(report.passed(), module.name());
        report
            .leaves()
            .forEach(
                leaf -> assertTrue(leaf.isZero() || leaf.relativeError() > 1e-4, module.name()));
      }
    }
  }

  @Test
  void everyClassThatHasParametersIsChecked() {
    Set<String> checked =
        ModuleChecks.all(CPU, DType.FLOAT64).stream()
            .map(module -> module.module().getName())
            .collect(Collectors.toCollection(TreeSet::new));
    checked.remove(Sequential.class.getName()); // has none of its own
    Set<String> found = new TreeSet<>();
    for (JavaClass type :
        new ClassFileImporter()
            .withImportOption(new ImportOption.DoNotIncludeTests())
            .importPackages("dev.azimuth.nn", "dev.azimuth.diffusion")) {
      if (hasParameters(type)) {
        found.add(type.getName());
      }
    }
    assertEquals(found, checked);
  }

  /** Whether it is public and made by a constructor or factory that takes parameters. */
  private static boolean hasParameters(JavaClass type) {
    if (!type.getModifiers().contains(JavaModifier.PUBLIC)
        || type.isEquivalentTo(Parameters.class)) {
      return false;
    }
    boolean isConstructed =
        type.getConstructors().stream()
            .anyMatch(
                c ->
                    c.getModifiers().contains(JavaModifier.PUBLIC)
                        && takesParameters(c.getRawParameterTypes()));
    boolean isMade =
        type.getMethods().stream()
            .filter(m -> m.getModifiers().contains(JavaModifier.PUBLIC))
            .filter(m -> m.getModifiers().contains(JavaModifier.STATIC))
            .anyMatch(
                m ->
                    m.getRawReturnType().equals(type) && takesParameters(m.getRawParameterTypes()));
    return isConstructed || isMade;
  }

  private static boolean takesParameters(List<JavaClass> types) {
    return types.stream().anyMatch(type -> type.isEquivalentTo(Parameters.class));
  }
}
