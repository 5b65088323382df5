package dev.azimuth.autograd;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.azimuth.autograd.GradReport.Leaf;
import dev.azimuth.autograd.GradReport.Verdict;
import dev.azimuth.tensor.Backend;
import dev.azimuth.tensor.DType;
import dev.azimuth.tensor.Shape;
import dev.azimuth.tensor.Tensor;
import dev.azimuth.tensor.UnaryFunction;
import dev.azimuth.tensor.cpu.CpuBackend;
import dev.azimuth.tensor.op.CustomOp;
import dev.azimuth.tensor.op.Example;
import dev.azimuth.tensor.op.Op;
import dev.azimuth.tensor.op.Softmax;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.DoubleStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What the check lets through and what it refuses. */
class GradCheckRulesTest {
  private final Backend cpu = CpuBackend.scalar(1);
  private final SplittableRandom random = new SplittableRandom(11);

  private final Tensor x = uniform(3, 4);
  private final Tensor y = uniform(3, 4);

  @AfterEach
  void close() {
    cpu.close();
  }

  private Tensor uniform(int... dims) {
    Shape shape = Shape.of(dims);
    return Tensor.of(cpu, DType.FLOAT64, shape, random.doubles(shape.size(), -2, 2).toArray());
  }

  /** y = a² b, a user's own operation, whose gradient in a may be got wrong in several ways. */
  private record SquareTimes(Mistake mistake) implements CustomOp<List<Tensor>> {
    private enum Mistake {
      NONE,
      FACTOR,
      ONE_ELEMENT,
      ZERO,
      DROPPED,
      NOT_A_NUMBER,
      INFINITE
    }

    @Override
    public Op.Result<List<Tensor>> forward(List<Tensor> inputs) {
      return new Op.Result<>(inputs.get(0).square().mul(inputs.get(1)), inputs);
    }

    @Override
    public List<@Nullable Tensor> vjp(List<Tensor> saved, Tensor dy, Op.Wanted wanted) {
      Tensor a = saved.get(0);
      Tensor da = dy.mul(a).mul(saved.get(1)).mul(2);
      return Op.gradients(spoil(da), wanted.input(1) ? dy.mul(a.square()) : null);
    }

    private @Nullable Tensor spoil(Tensor da) {
      return switch (mistake) {
        case NONE -> da;
        case FACTOR -> da.mul(1 + 1e-6);
        case ONE_ELEMENT -> oneElementOff(da);
        case ZERO -> da.mul(0);
        case DROPPED -> null;
        case NOT_A_NUMBER -> da.mul(Double.NaN);
        case INFINITE -> da.mul(Double.POSITIVE_INFINITY);
      };
    }

    private static Tensor oneElementOff(Tensor da) {
      double[] values = da.toDoubles();
      values[7] += 1e-5;
      return Tensor.of(da.backend(), DType.FLOAT64, da.shape(), values);
    }
  }

  private GradCheck checkOf(SquareTimes.Mistake mistake) {
    return GradCheck.of(new SquareTimes(mistake), x, y);
  }

  @Test
  void aUsersOpPassesInOneLine() {
    GradCheck.of(new SquareTimes(SquareTimes.Mistake.NONE), x, y).check();
  }

  @Test
  void aUsersFunctionPassesInOneLine() {
    GradCheck.of(in -> in.get(0).mul(in.get(1)).silu(), x, y).check();
  }

  @Test
  void everyMistakeIsFound() {
    for (SquareTimes.Mistake mistake : SquareTimes.Mistake.values()) {
      GradReport report = checkOf(mistake).report();
      Verdict expected = mistake == SquareTimes.Mistake.NONE ? Verdict.AGREES : Verdict.DIFFERS;
      assertEquals(expected, report.leaf("input 0").verdict(), mistake + ": " + report);
      boolean isOtherJudged = report.leaf("input 1").verdict() == Verdict.AGREES;
      assertTrue(isOtherJudged, mistake + ": " + report);
    }
  }

  @Test
  void theWorstElementsAreNamed() {
    GradientMismatchException e =
        assertThrows(
            GradientMismatchException.class,
            () -> checkOf(SquareTimes.Mistake.ONE_ELEMENT).check());
    Leaf leaf = e.report().leaf("input 0");
    assertEquals(5, leaf.worst().size());
    assertEquals(List.of(1, 3), leaf.worst().getFirst().position());
    assertEquals(
        1e-5, leaf.worst().getFirst().gradient() - leaf.worst().getFirst().quotient(), 1e-9);
    assertTrue(e.getMessage().contains("FAIL input 0[3, 4]"), e.getMessage());
    assertTrue(e.getMessage().contains("at [1, 3]"), e.getMessage());
  }

  @ParameterizedTest
  @ValueSource(doubles = {1.001, 0.999, 1 + 1e-6, 0, -1})
  void scaledGradientsFail(double factor) {
    assertFalse(checkOf(SquareTimes.Mistake.NONE).scalingGradientsBy(factor).report().passed());
  }

  @Test
  void zeroFailsEvenUnderAWideTolerance() {
    assertFalse(checkOf(SquareTimes.Mistake.ZERO).tolerance(0.99).report().passed());
    assertFalse(checkOf(SquareTimes.Mistake.DROPPED).tolerance(0.99).report().passed());
  }

  @Test
  void aGradientThatVanishesPassesOnlyWhereExpected() {
    // a softmax over one element is 1 whatever the element is
    GradCheck check = GradCheck.of(Example.of(new Softmax(1), Shape.of(3, 1)), cpu, 1);
    assertEquals(Verdict.VANISHES, check.report().leaf("input 0").verdict());
    assertThrows(GradientMismatchException.class, check::check);
    check.expectingZero("input 0").check();
  }

  @Test
  void anAbsentGradientPassesOnlyWhereExpected() {
    GradCheck check = GradCheck.of(in -> in.get(0).square(), x, y);
    assertEquals(Verdict.ABSENT, check.report().leaf("input 1").verdict());
    assertFalse(check.report().passed());
    check.expectingZero("input 1").check();
  }

  @Test
  void aLivingGradientFailsWhereZeroIsExpected() {
    assertFalse(
        GradCheck.of(in -> in.get(0).square(), x).expectingZero("input 0").report().passed());
    assertThrows(
        IllegalArgumentException.class,
        () -> GradCheck.of(in -> in.get(0).square(), x).expectingZero("weight"));
  }

  @Test
  void modulesAreCheckedInPlaceAndRestored() {
    Tensor in = uniform(2, 4).tracked();
    Tensor weight = uniform(5, 4).tracked();
    Tensor bias = uniform(5).tracked();
    double[] before = weight.toDoubles();
    Map<String, Tensor> leaves = new LinkedHashMap<>();
    leaves.put("x", in);
    leaves.put("weight", weight);
    leaves.put("bias", bias);
    GradCheck check = GradCheck.of(() -> in.linear(weight, bias).gelu(), leaves);
    check.check();
    assertArrayEquals(before, weight.toDoubles());
    assertEquals(List.of("x", "weight", "bias"), names(check.report()));
    GradReport control = check.scalingGradientsBy(1.001).report();
    assertTrue(control.leaves().stream().allMatch(l -> l.verdict() == Verdict.DIFFERS));
    assertArrayEquals(before, weight.toDoubles());
  }

  private static List<String> names(GradReport report) {
    return report.leaves().stream().map(Leaf::name).toList();
  }

  @Test
  void elementsAreRestoredWhenTheFunctionFails() {
    Tensor leaf = uniform(3).tracked();
    double[] before = leaf.toDoubles();
    GradCheck check =
        GradCheck.of(
            () -> {
              if (leaf.toDoubles()[0] != before[0]) {
                throw new IllegalStateException("moved");
              }
              return leaf.square();
            },
            List.of(leaf));
    assertThrows(IllegalStateException.class, check::check);
    assertArrayEquals(before, leaf.toDoubles());
  }

  @Test
  void leavesMustBeTrackedFloat64AndApart() {
    Tensor leaf = uniform(3).tracked();
    Tensor single = Tensor.of(cpu, Shape.of(1), 1f).tracked();
    for (List<Tensor> wrong :
        List.of(
            List.<Tensor>of(),
            List.of(leaf.detached()),
            List.of(leaf.square()),
            List.of(single),
            List.of(leaf, leaf.detached().tracked()))) {
      assertThrows(IllegalArgumentException.class, () -> GradCheck.of(() -> leaf, wrong));
    }
  }

  @Test
  void functionsMustRepeatThemselvesAndStayFinite() {
    double[] calls = {0};
    assertThrows(
        IllegalArgumentException.class,
        () -> GradCheck.of(in -> in.get(0).mul(calls[0]++), x).check());
    assertThrows(
        IllegalArgumentException.class,
        () -> GradCheck.of(in -> in.get(0).mul(0).map(UnaryFunction.RECIPROCAL), x).check());
  }

  @Test
  void float32InputsAreCheckedInFloat64() {
    Tensor single = Tensor.of(cpu, Shape.of(3), 0.5f, -1f, 2f);
    GradCheck.of(in -> in.get(0).tanh(), single).check();
  }

  @Test
  void sameSeedSameReport() {
    GradCheck check = GradCheck.of(in -> in.get(0).tanh(), x);
    assertEquals(check.report(), check.report());
    assertFalse(check.report().equals(check.seed(2).report()));
  }

  @Test
  void examplesKeepTheirGap() {
    Example<?> wide = Example.of(new Softmax(0), Shape.of(40), Shape.of(30)).apart(0.02);
    Tensor[] inputs = ExampleInputs.draw(wide, cpu, new SplittableRandom(3));
    double[] all =
        DoubleStream.concat(
                Arrays.stream(inputs[0].toDoubles()), Arrays.stream(inputs[1].toDoubles()))
            .sorted()
            .toArray();
    for (int i = 0; i < all.length; i++) {
      assertTrue(Math.abs(all[i] - Math.rint(all[i])) >= 0.02);
      assertTrue(i == 0 || all[i] - all[i - 1] >= 0.02);
    }
    Example<?> narrow = Example.of(new Softmax(0), Shape.of(40)).between(0, 1).apart(0.1);
    assertThrows(
        IllegalArgumentException.class,
        () -> ExampleInputs.draw(narrow, cpu, new SplittableRandom(3)));
  }

  @Test
  void differenceQuotientsReachTwelveDigits() {
    DifferenceQuotient exp =
        DifferenceQuotient.of(t -> new double[] {Math.exp(t)}, new double[] {1}, 1.0 / 32, 1e-13);
    assertEquals(1, exp.value(), 1e-12);
    DifferenceQuotient steep =
        DifferenceQuotient.of(
            t -> new double[] {Math.sin(40 * t)}, new double[] {1}, 1.0 / 32, 1e-10);
    assertEquals(40, steep.value(), 40 * 1e-10);
  }

  @Test
  void extrapolationNeedsFewSteps() {
    AtomicInteger calls = new AtomicInteger();
    DifferenceQuotient.of(
        t -> {
          calls.incrementAndGet();
          return new double[] {Math.exp(t)};
        },
        new double[] {1},
        1.0 / 32,
        1e-10);
    // errors of h² and h⁴ are gone after two halvings; halving alone would take ten
    assertEquals(8, calls.get());
  }
}
