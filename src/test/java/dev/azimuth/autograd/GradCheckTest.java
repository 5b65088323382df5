package dev.azimuth.autograd;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.DynamicTest.dynamicTest;

import dev.azimuth.autograd.GradReport.Leaf;
import dev.azimuth.autograd.GradReport.Verdict;
import dev.azimuth.tensor.Backend;
import dev.azimuth.tensor.BinaryFunction;
import dev.azimuth.tensor.DType;
import dev.azimuth.tensor.Reduction;
import dev.azimuth.tensor.Shape;
import dev.azimuth.tensor.Tensor;
import dev.azimuth.tensor.UnaryFunction;
import dev.azimuth.tensor.cpu.CpuBackend;
import dev.azimuth.tensor.op.Arithmetic;
import dev.azimuth.tensor.op.CustomOp;
import dev.azimuth.tensor.op.Example;
import dev.azimuth.tensor.op.Map;
import dev.azimuth.tensor.op.Op;
import dev.azimuth.tensor.op.Reduce;
import dev.azimuth.tensor.op.Where;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
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
 * Every operation's gradient against difference quotients, in float64 on the scalar oracle: all
 * records that the sealed {@link Op} permits, each through its own {@code examples()}.
 */
class GradCheckTest {
  private static final long SEED = 20260;
  private static final double NEGATIVE_CONTROL = 1.001;

  private static final Backend CPU = CpuBackend.scalar(1);

  @AfterAll
  static void close() {
    CPU.close();
  }

  /** Every record of the sealed family; users' own are not ours to list. */
  private static List<Class<?>> ops(Class<?> family) {
    if (family == CustomOp.class) {
      return List.of();
    }
    return family.isSealed()
        ? Arrays.stream(family.getPermittedSubclasses()).flatMap(c -> ops(c).stream()).toList()
        : List.of(family);
  }

  private static List<Example<?>> examples(Class<?> op) {
    try {
      Method examples = op.getMethod("examples");
      return ((List<?>) examples.invoke(null))
          .stream().<Example<?>>map(Example.class::cast).toList();
    } catch (NoSuchMethodException e) {
      throw new AssertionError(op.getSimpleName() + " has no static examples()", e);
    } catch (IllegalAccessException | InvocationTargetException e) {
      throw new AssertionError(op.getSimpleName() + ".examples() fails", e);
    }
  }

  @Test
  void theFamilyIsWalkedWhole() {
    List<Class<?>> ops = ops(Op.class);
    assertEquals(30, ops.size(), "update this count with the family; found " + ops);
    assertEquals(30, new HashSet<>(ops).size());
    assertTrue(ops.stream().allMatch(Class::isRecord), () -> "an op is a record: " + ops);
  }

  @Test
  void everyFunctionHasExamples() {
    assertEquals(
        Set.of(UnaryFunction.values()),
        examples(Map.class).stream()
            .map(e -> ((Map) e.op()).function())
            .collect(Collectors.toSet()));
    assertEquals(
        Set.of(BinaryFunction.values()),
        examples(Arithmetic.class).stream()
            .map(e -> ((Arithmetic) e.op()).function())
            .collect(Collectors.toSet()));
    assertEquals(
        Set.of(Reduction.values()),
        examples(Reduce.class).stream()
            .map(e -> ((Reduce) e.op()).reduction())
            .collect(Collectors.toSet()));
  }

  @TestFactory
  Stream<DynamicTest> everyOpAgreesOnEveryExample() {
    return ops(Op.class).stream()
        .map(op -> dynamicTest(op.getSimpleName(), () -> agreesOnEveryExample(op)));
  }

  private static void agreesOnEveryExample(Class<?> op) {
    List<Example<?>> examples = examples(op);
    assertFalse(examples.isEmpty(), op.getSimpleName() + " has no examples");
    Set<String> alive = new TreeSet<>();
    Set<String> inputs = new TreeSet<>();
    for (Example<?> example : examples) {
      GradReport report = GradCheck.of(example, CPU, SEED).report();
      assertTrue(report.passed(), () -> describe(example, report));
      report.leaves().forEach(leaf -> inputs.add(leaf.name()));
      List<Leaf> agreeing =
          report.leaves().stream().filter(leaf -> leaf.verdict() == Verdict.AGREES).toList();
      agreeing.forEach(leaf -> alive.add(leaf.name()));
      controlFails(example, agreeing);
    }
    // an input that no example moves would pass with any gradient; where() has its own test below
    if (op != Where.class) {
      assertEquals(inputs, alive);
    }
  }

  private static void controlFails(Example<?> example, List<Leaf> agreeing) {
    if (agreeing.isEmpty()) {
      return;
    }
    GradReport control =
        GradCheck.of(example, CPU, SEED).scalingGradientsBy(NEGATIVE_CONTROL).report();
    for (Leaf leaf : agreeing) {
      assertEquals(
          Verdict.DIFFERS,
          control.leaf(leaf.name()).verdict(),
          () -> "a gradient × 1.001 passes: " + describe(example, control));
    }
  }

  private static String describe(Example<?> example, GradReport report) {
    return example.op() + " on " + example.inputs() + System.lineSeparator() + report;
  }

  @Test
  void errorsAreFarBelowTheTolerance() {
    // what is left for wrong gradients to hide in: some 4e-12 over many seeds
    List<Double> errors = new ArrayList<>();
    for (Class<?> op : ops(Op.class)) {
      for (Example<?> example : examples(op)) {
        errors.add(GradCheck.of(example, CPU, SEED).report().worstRelativeError());
      }
    }
    double worst = errors.stream().mapToDouble(Double::doubleValue).max().orElseThrow();
    assertTrue(worst < 1e-9, () -> "worst relative error " + worst);
  }

  @TestFactory
  Stream<DynamicTest> comparisonsHaveNoGradient() {
    return examples(Arithmetic.class).stream()
        .filter(example -> ((Arithmetic) example.op()).function().isComparison())
        .map(example -> dynamicTest(example.toString(), () -> hasNoGradient(example)));
  }

  private static void hasNoGradient(Example<?> example) {
    GradReport report = GradCheck.of(example, CPU, SEED).report();
    for (Leaf leaf : report.leaves()) {
      assertEquals(Verdict.ABSENT, leaf.verdict(), () -> describe(example, report));
    }
  }

  @Test
  void whereSendsGradientsToBothChoices() {
    Tensor condition = Tensor.of(CPU, DType.FLOAT64, Shape.of(2, 3), 1, 0, -2, 0, 0, 0.5);
    Tensor a = Tensor.of(CPU, DType.FLOAT64, Shape.of(3), 0.3, -1.2, 0.7);
    Tensor b = Tensor.of(CPU, DType.FLOAT64, Shape.of(2, 1), 2.5, -0.4);
    GradCheck check = GradCheck.of(in -> in.get(0).where(condition, in.get(1)).square(), a, b);
    check.check();
    assertFalse(check.scalingGradientsBy(NEGATIVE_CONTROL).report().passed());
  }
}
