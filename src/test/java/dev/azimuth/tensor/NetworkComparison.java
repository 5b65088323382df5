package dev.azimuth.tensor;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.BiFunction;
import java.util.function.Function;
import java.util.stream.IntStream;

/**
 * Whole computations on a float32 backend beside the float64 oracle.
 *
 * <p>How far a result may be off follows from what {@link Tolerances} allows each kernel on the way
 * to it, carried on by the computation itself: it is run again on oracles whose kernels are wrong
 * by all they may, up or down at random (Monte Carlo arithmetic: Parker, "Monte Carlo arithmetic:
 * exploiting randomness in floating-point arithmetic", 1997). To first order an element's deviation
 * is then a sum of independent terms of mean zero, and a backend whose kernels keep their
 * tolerances deviates by a sum of terms no larger: below λ times the root mean square of the
 * deviations seen, except with probability 2·exp(-λ²/2). That root mean square is estimated from
 * few runs, so what the median element of the same tensor shows is added to each.
 *
 * @param <S> what is computed with: networks with their parameters, on one backend
 */
public final class NetworkComparison<S> {
  private static final int RUNS = 4;
  private static final double LAMBDA = 6;

  private final S exact;
  private final List<S> perturbed;
  private final S got;

  /**
   * Computations on the oracle, on perturbed oracles and on {@code backend}.
   *
   * @param build the same networks and values each time, all of them exact in float32
   */
  public NetworkComparison(BiFunction<Backend, DType, S> build, Backend backend) {
    exact = build.apply(Draw.ORACLE, DType.FLOAT64);
    perturbed =
        IntStream.range(0, RUNS)
            .mapToObj(seed -> build.apply(new PerturbedOracle(seed), DType.FLOAT64))
            .toList();
    got = build.apply(backend, DType.FLOAT32);
  }

  /** What the oracle computes with. */
  public S exact() {
    return exact;
  }

  /**
   * What is wrong with a computation's results on the backend, one paragraph for each; empty if
   * nothing is. Tolerances that say nothing are wrong too: zeros must be out of tolerance, and in
   * three quarters of the results so must be the result × 1.01 and the result shifted by one, which
   * the others' cancellation may hide.
   *
   * @param vanishing results that are rounding errors alone, which no wrong result differs from
   */
  public String misses(Function<S, Map<String, Tensor>> computation, Set<String> vanishing) {
    List<Comparison> results = compare(computation);
    List<String> misses = new ArrayList<>();
    results.stream().filter(r -> !r.fits()).map(Comparison::report).forEach(misses::add);
    List<Comparison> telling =
        results.stream().filter(r -> !vanishing.contains(r.output())).toList();
    for (Comparison.Wrong wrong : Comparison.Wrong.values()) {
      List<String> accepting =
          telling.stream().filter(r -> r.accepts(wrong)).map(Comparison::output).toList();
      if (accepting.size() > (wrong == Comparison.Wrong.ZEROS ? 0 : telling.size() / 4)) {
        misses.add("tolerances accept %s in %s".formatted(wrong, accepting));
      }
    }
    return String.join("\n", misses);
  }

  private List<Comparison> compare(Function<S, Map<String, Tensor>> computation) {
    Map<String, Tensor> wanted = computation.apply(exact);
    Map<String, Tensor> results = computation.apply(got);
    assertEquals(wanted.keySet(), results.keySet());
    List<Map<String, Tensor>> samples = perturbed.stream().map(computation).toList();
    return wanted.entrySet().stream()
        .map(
            entry -> {
              String name = entry.getKey();
              double[] values = entry.getValue().toDoubles();
              List<double[]> deviating =
                  samples.stream().map(sample -> sample.get(name).toDoubles()).toList();
              return new Comparison(
                  name,
                  entry.getValue().shape(),
                  values,
                  results.get(name).toFloats(),
                  tolerance(values, deviating));
            })
        .toList();
  }

  private static double[] tolerance(double[] exact, List<double[]> samples) {
    double[] spread = new double[exact.length];
    for (double[] sample : samples) {
      for (int i = 0; i < exact.length; i++) {
        spread[i] += Math.pow(sample[i] - exact[i], 2) / samples.size();
      }
    }
    double[] sorted = Arrays.stream(spread).map(Math::sqrt).sorted().toArray();
    double median = sorted.length == 0 ? 0 : sorted[sorted.length / 2];
    return Arrays.stream(spread).map(s -> LAMBDA * (Math.sqrt(s) + median)).toArray();
  }
}
