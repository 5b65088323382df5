package dev.azimuth.autograd;

import dev.azimuth.autograd.GradReport.Leaf;
import dev.azimuth.tensor.Backend;
import dev.azimuth.tensor.Buffer;
import dev.azimuth.tensor.DType;
import dev.azimuth.tensor.History;
import dev.azimuth.tensor.Tensor;
import dev.azimuth.tensor.op.Example;
import dev.azimuth.tensor.op.Op;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SequencedMap;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.stream.IntStream;

/**
 * Holds gradients against difference quotients, in float64.
 *
 * <pre>{@code
 * GradCheck.of(new MyOp(), x, y).check();                                // an op
 * GradCheck.of(in -> in.get(0).mul(in.get(1)).silu(), x, y).check();     // a function
 * GradCheck.of(() -> block.forward(x), Map.of("x", x, "w", w)).check();  // a module
 * }</pre>
 *
 * <p>The result y is contracted with random u, each leaf is moved along random directions v, and
 * the derivative of {@code sum(u * y)} along v is compared with {@code sum(gradient * v)}: one
 * number that any wrong element changes. The quotients are extrapolated ({@link
 * DifferenceQuotient}), so that a relative error of 1e-7 is far above what they get wrong and far
 * below what a wrong factor does. A direction in which the gradient's terms happen to cancel is
 * drawn anew.
 *
 * <p>Zero doesn't pass: a gradient that is zero or absent fails the check unless {@link
 * #expectingZero} names it, and a zero gradient of a value that changes fails always. Zero means
 * less than 1e-10 of {@code sum(|u * y|)} and of {@code sum(|gradient * x|)} over all leaves, the
 * sizes at which rounding enters.
 *
 * <p>Checks are values: each method that changes a setting gives a new one.
 */
public final class GradCheck {
  /** Derivatives below this part of the magnitudes involved are rounding. */
  private static final double ROUNDING = 1e-10;

  private final Supplier<Tensor> f;
  private final SequencedMap<String, Tensor> leaves;
  private final CheckSettings settings;

  private GradCheck(
      Supplier<Tensor> f, SequencedMap<String, Tensor> leaves, CheckSettings settings) {
    this.f = f;
    this.leaves = leaves;
    this.settings = settings;
  }

  /**
   * A check of what {@code f} computes from these leaves, which it holds itself: modules with their
   * parameters. Their elements are changed in place while the check runs, and restored.
   *
   * @param f gives the same value for the same elements; of any shape
   * @param leaves tracked float64 leaves under the names that the report uses
   * @throws IllegalArgumentException if there is no leaf, if one isn't tracked, isn't float64 or is
   *     an operation's result, or if two share their elements
   */
  public static GradCheck of(Supplier<Tensor> f, Map<String, Tensor> leaves) {
    SequencedMap<String, Tensor> named = new LinkedHashMap<>(leaves);
    requireLeaves(named);
    return new GradCheck(f, named, CheckSettings.DEFAULT);
  }

  /** The same with leaves named {@code leaf 0}, {@code leaf 1}, ... */
  public static GradCheck of(Supplier<Tensor> f, List<Tensor> leaves) {
    return of(f, numbered("leaf", leaves));
  }

  /**
   * A check of a function in its inputs, named {@code input 0}, {@code input 1}, ...; the function
   * gets tracked float64 copies of them.
   */
  public static GradCheck of(Function<List<Tensor>, Tensor> f, Tensor... inputs) {
    List<Tensor> copies = Arrays.stream(inputs).map(GradCheck::trackedCopy).toList();
    return of(() -> f.apply(copies), numbered("input", copies));
  }

  /** A check of an operation, a user's own included, on float64 copies of these inputs. */
  public static GradCheck of(Op<?> op, Tensor... inputs) {
    return of(operands -> Tensor.apply(op, operands.toArray(Tensor[]::new)), inputs);
  }

  /** A check of an operation on inputs drawn from its example's domain by a seed. */
  public static GradCheck of(Example<?> example, Backend backend, long seed) {
    Tensor[] inputs = ExampleInputs.draw(example, backend, new SplittableRandom(seed));
    String[] zero =
        example.withoutGradient().stream().map(i -> "input " + i).toArray(String[]::new);
    GradCheck check = of(example.op(), inputs).seed(seed).expectingZero(zero);
    // two values may move towards each other by a step each
    return example.gap() > 0
        ? check.step(Math.min(check.settings.step(), example.gap() / 4))
        : check;
  }

  private static Tensor trackedCopy(Tensor x) {
    return Tensor.of(x.backend(), DType.FLOAT64, x.shape(), x.toDoubles()).tracked();
  }

  private static SequencedMap<String, Tensor> numbered(String kind, List<Tensor> tensors) {
    SequencedMap<String, Tensor> named = new LinkedHashMap<>();
    tensors.forEach(x -> named.put(kind + " " + named.size(), x));
    return named;
  }

  private static void requireLeaves(Map<String, Tensor> leaves) {
    if (leaves.isEmpty()) {
      throw new IllegalArgumentException("gradcheck: needs at least one leaf");
    }
    Map<Buffer, String> owners = new IdentityHashMap<>();
    leaves.forEach(
        (name, leaf) -> {
          History history = leaf.history();
          if (history == null || !history.isLeaf() || leaf.dtype() != DType.FLOAT64) {
            throw new IllegalArgumentException(
                "gradcheck: " + name + " must be a tracked float64 leaf; got " + leaf);
          }
          String other = owners.put(leaf.buffer(), name);
          if (other != null) {
            throw new IllegalArgumentException(
                "gradcheck: " + other + " and " + name + " share their elements");
          }
        });
  }

  /** With another largest relative error; 1e-7 unless set. */
  public GradCheck tolerance(double relative) {
    return with(settings.withTolerance(relative));
  }

  /**
   * With another first step of the difference quotients, the largest change of an element; 1/32.
   */
  public GradCheck step(double largest) {
    return with(settings.withStep(largest));
  }

  /** With another number of random directions for each leaf; 2 unless set. */
  public GradCheck directions(int count) {
    if (count < 1) {
      throw new IllegalArgumentException("gradcheck: needs a direction or more, not " + count);
    }
    return with(settings.withDirections(count));
  }

  /** With another seed of directions and weights. */
  public GradCheck seed(long seed) {
    return with(settings.withSeed(seed));
  }

  /**
   * A negative control: every gradient is multiplied by this before it is compared. At 1.001 a
   * check worth having fails.
   */
  public GradCheck scalingGradientsBy(double factor) {
    return with(settings.withGradientFactor(factor));
  }

  /**
   * Gradients of these leaves must be zero or absent.
   *
   * @throws IllegalArgumentException if there is no leaf of such a name
   */
  public GradCheck expectingZero(String... names) {
    Set<String> zero = Set.of(names);
    for (String name : names) {
      if (!leaves.containsKey(name)) {
        throw new IllegalArgumentException(
            "gradcheck: no leaf " + name + " among " + leaves.keySet());
      }
    }
    return with(settings.withExpectedZero(zero));
  }

  private GradCheck with(CheckSettings changed) {
    return new GradCheck(f, leaves, changed);
  }

  /**
   * Compares, and throws unless everything passes.
   *
   * @return the report of a passed check
   * @throws GradientMismatchException with the report, if a gradient is wrong, or zero or absent
   *     without being expected to
   * @throws IllegalArgumentException if the value isn't finite float64, or differs from call to
   *     call
   */
  public GradReport check() {
    GradReport report = report();
    if (!report.passed()) {
      throw new GradientMismatchException(report);
    }
    return report;
  }

  /**
   * Compares, and reports whatever it finds.
   *
   * @throws IllegalArgumentException if the value isn't finite float64, or differs from call to
   *     call
   */
  public GradReport report() {
    Tensor y = f.get();
    double[] values = y.toDoubles();
    requireUsable(y, values);
    double[] u = LeafProbe.signed(values.length, new SplittableRandom(settings.seed()));
    Map<String, double[]> gradients = gradients(y, u);
    double zero = ROUNDING * magnitude(values, u, gradients);
    List<Leaf> outcomes = new ArrayList<>();
    leaves.forEach(
        (name, leaf) -> {
          LeafProbe probe = new LeafProbe(name, leaf, gradients.get(name), f, u, zero, settings);
          // by its name, so that no leaf's directions depend on the order of a map
          outcomes.add(probe.outcome(new SplittableRandom(31 * settings.seed() + name.hashCode())));
        });
    return new GradReport(outcomes, settings.tolerance(), settings.expectedZero());
  }

  private void requireUsable(Tensor y, double[] values) {
    if (y.dtype() != DType.FLOAT64) {
      throw new IllegalArgumentException("gradcheck: the value must be float64; got " + y);
    }
    if (!Arrays.stream(values).allMatch(Double::isFinite)) {
      throw new IllegalArgumentException("gradcheck: the value isn't finite; got " + y);
    }
    if (!Arrays.equals(values, f.get().toDoubles())) {
      throw new IllegalArgumentException(
          "gradcheck: two calls gave different values; draw random numbers by a fixed seed");
    }
  }

  /** The gradients of sum(u y), scaled as the control asks; nothing where one is absent. */
  private Map<String, double[]> gradients(Tensor y, double[] u) {
    if (y.history() == null) {
      return Map.of();
    }
    Gradients g = Gradients.of(y, Tensor.of(y.backend(), DType.FLOAT64, y.shape(), u));
    Map<String, double[]> gradients = new LinkedHashMap<>();
    g.named(leaves)
        .forEach(
            (name, gradient) ->
                gradients.put(
                    name,
                    Arrays.stream(gradient.toDoubles())
                        .map(d -> d * settings.gradientFactor())
                        .toArray()));
    return gradients;
  }

  private double magnitude(double[] values, double[] u, Map<String, double[]> gradients) {
    double ofValue = absoluteDot(values, u);
    double ofLeaves = 0;
    for (Map.Entry<String, double[]> entry : gradients.entrySet()) {
      Tensor leaf = leaves.get(entry.getKey());
      ofLeaves += leaf == null ? 0 : absoluteDot(leaf.toDoubles(), entry.getValue());
    }
    // a gradient that overflowed says nothing about rounding, and must not excuse itself
    return Double.isFinite(ofLeaves) ? Math.max(ofValue, ofLeaves) : ofValue;
  }

  private static double absoluteDot(double[] a, double[] b) {
    return IntStream.range(0, a.length).mapToDouble(i -> Math.abs(a[i] * b[i])).sum();
  }
}
