package dev.azimuth.tensor;

import java.util.Arrays;
import java.util.Map;
import java.util.function.IntToDoubleFunction;

/**
 * How far each output element of a float32 kernel may lie from its exact value: the one place where
 * tolerances come from.
 *
 * <p>u = 2⁻²⁴ is the largest relative error of one float32 rounding. Every bound is first order in
 * u and built from three rules:
 *
 * <ul>
 *   <li>A chain of c roundings is wrong by at most {@code c·u} times the sum of the absolute values
 *       of its terms; c is counted generously, for fused and separate multiply-adds alike.
 *   <li>A sum of K terms in any order adds {@link #growth}(K)·u·Σ|terms|. The worst case is K·u;
 *       roundings that are independent and of mean zero stay below λ√K·u except with probability
 *       2·exp(-λ²/2) (Higham and Mary, "A new approach to probabilistic rounding error analysis",
 *       2019): 3·10⁻⁸ for λ = 6.
 *   <li>What was wrong before is carried on by the derivative: δf = |f'|·δx.
 * </ul>
 *
 * Σ|terms| is measured, not guessed: where the kernel is linear it is the oracle's own result on
 * the absolute values of the operands. Below the normal floats a result may be off by twice {@link
 * Float#MIN_NORMAL}, as exponentials flush there. Kernels that only select or move elements have
 * tolerance 0.
 */
final class Tolerances {
  static final double U = DType.FLOAT32.unitRoundoff();
  private static final double LAMBDA = 6;

  /** One correctly rounded operation, and the oracle's own rounding. */
  static final double ONE_ROUNDING = 1.001 * U;

  /** Roundings in a transcendental function: 10 for the value, 2 for its argument. */
  static final double FUNCTION = 10;

  static final double ARGUMENT = 2;

  private Tolerances() {}

  /**
   * The tolerance of each element of each output.
   *
   * @param given on the oracle in float64, before it has run: what in-place kernels start from
   * @param done the same after it has run
   */
  static Map<String, double[]> of(Kernel given, Kernel done) {
    return switch (done) {
      case Kernel.Copy _, Kernel.Select _, Kernel.ClampVjp _, Kernel.Gather _ -> exact(done);
      case Kernel.MaxPool2d _ -> exact(done);
      // the constants are rounded to float32
      case Kernel.Fill k -> relative("y", k.y(), ONE_ROUNDING);
      case Kernel.Clamp k -> relative("y", k.y(), ONE_ROUNDING);
      case Kernel.Unary k -> {
        double[] x = k.x().toDoubles();
        yield Map.of("y", map(k.y(), i -> unary(k.function(), x[i])));
      }
      case Kernel.UnaryVjp k -> Map.of("dx", unaryVjp(k));
      case Kernel.Affine k -> {
        double[] x = k.x().toDoubles();
        yield Map.of(
            "y", map(k.y(), i -> 4 * U * (Math.abs(k.scale() * x[i]) + Math.abs(k.shift()))));
      }
      case Kernel.Binary k -> k.function().isComparison() ? exact(k) : relative("y", k.y(), 2 * U);
      case Kernel.Geglu k -> geglu(k);
      case Kernel.GegluVjp k -> gegluVjp(k);
      case Kernel.AdamW k -> adamW((Kernel.AdamW) given, k);
      case Kernel.Ema k -> ema((Kernel.Ema) given);
      case Kernel.Reduce k -> k.reduction() == Reduction.MAX ? exact(k) : sum(k, k.reduced());
      case Kernel.Matmul k -> sum(k, k.k() + 1);
      case Kernel.Conv2d k -> sum(k, k.weight().shape().product(1, 4) + 1);
      case Kernel.Conv2dInputVjp k -> {
        Conv2dGeometry g = k.geometry();
        yield sum(k, g.kernelHeight() * g.kernelWidth() * g.outChannels() / g.groups());
      }
      case Kernel.Conv2dWeightVjp k -> sum(k, k.dy().shape().product(0, 3));
      case Kernel.GatherVjp k -> sum(k, k.index().length);
      case Kernel.Resample k -> sum(k, most(k.rows()) * most(k.columns()));
      case Kernel.MaxPool2dVjp k -> maxPool2dVjp(k);
      case Kernel.Softmax k -> SoftmaxTolerances.softmax(k);
      case Kernel.SoftmaxVjp k -> SoftmaxTolerances.softmaxVjp(k);
      case Kernel.LogSoftmax k -> SoftmaxTolerances.logSoftmax(k);
      case Kernel.LogSoftmaxVjp k -> SoftmaxTolerances.logSoftmaxVjp(k);
      case Kernel.GroupNorm k -> NormTolerances.groupNorm(k);
      case Kernel.GroupNormVjp k -> NormTolerances.groupNormVjp(k);
      case Kernel.LayerNorm k -> NormTolerances.layerNorm(k);
      case Kernel.LayerNormVjp k -> NormTolerances.layerNormVjp(k);
      case Kernel.Attention k -> AttentionTolerances.attention(k, 0);
      case Kernel.AttentionVjp k -> AttentionTolerances.attentionVjp(k, 0);
    };
  }

  /**
   * The factor of u·Σ|terms| by which a sum of K products may be wrong: λ√K, and 3 for the terms.
   */
  static double growth(int terms) {
    return 3 + LAMBDA * Math.sqrt(terms);
  }

  /** {@code tolerance} of every element of y. */
  static double[] map(Tensor y, IntToDoubleFunction tolerance) {
    double[] bounds = new double[y.shape().size()];
    Arrays.setAll(bounds, tolerance);
    return bounds;
  }

  private static Map<String, double[]> exact(Kernel kernel) {
    String output = KernelOperands.outputs(kernel).getFirst();
    return Map.of(output, map(KernelOperands.of(kernel).get(output), _ -> 0));
  }

  private static Map<String, double[]> relative(String output, Tensor y, double factor) {
    double[] values = y.toDoubles();
    return Map.of(output, map(y, i -> factor * Math.abs(values[i])));
  }

  /** Any kernel linear in each operand, whose outputs are sums of {@code terms} products. */
  private static Map<String, double[]> sum(Kernel kernel, int terms) {
    Kernel magnitudes = KernelOperands.mapped(absoluteTaps(kernel), (_, x) -> absolute(x));
    Draw.ORACLE.run(magnitudes);
    String output = KernelOperands.outputs(kernel).getFirst();
    double[] sums = KernelOperands.of(magnitudes).get(output).toDoubles();
    double factor = growth(terms) * U;
    return Map.of(output, Arrays.stream(sums).map(s -> factor * s).toArray());
  }

  private static Tensor absolute(Tensor x) {
    double[] values = Arrays.stream(x.toDoubles()).map(Math::abs).toArray();
    return Tensor.of(Draw.ORACLE, DType.FLOAT64, x.shape(), values);
  }

  private static Kernel absoluteTaps(Kernel kernel) {
    return kernel instanceof Kernel.Resample k
        ? new Kernel.Resample(k.x(), absolute(k.rows()), absolute(k.columns()), k.y())
        : kernel;
  }

  private static Taps absolute(Taps taps) {
    int[] start = new int[taps.outputs() + 1];
    Arrays.setAll(start, taps::start);
    int[] index = new int[start[taps.outputs()]];
    Arrays.setAll(index, taps::index);
    float[] weight = new float[index.length];
    for (int e = 0; e < weight.length; e++) {
      weight[e] = Math.abs(taps.weight(e));
    }
    return new Taps(taps.inputs(), start, index, weight);
  }

  private static int most(Taps taps) {
    int most = 0;
    for (int i = 0; i < taps.outputs(); i++) {
      most = Math.max(most, taps.start(i + 1) - taps.start(i));
    }
    return most;
  }

  /** The gradients of up to a kernel's windows meet; which ones depends on x and not on |x|. */
  private static Map<String, double[]> maxPool2dVjp(Kernel.MaxPool2dVjp k) {
    Tensor sums = Draw.emptyLike(k.dx());
    Draw.ORACLE.run(new Kernel.MaxPool2dVjp(k.x(), absolute(k.dy()), sums, k.geometry()));
    double factor = growth(k.geometry().kernelHeight() * k.geometry().kernelWidth()) * U;
    double[] values = sums.toDoubles();
    return Map.of("dx", map(k.dx(), i -> factor * values[i]));
  }

  /** f(x) from an argument that was rounded itself. */
  static double unary(UnaryFunction f, double x) {
    double y = f.value(x);
    return switch (f) {
      case NEGATE, ABS -> 0;
      case SQUARE, RECIPROCAL, SQRT -> ONE_ROUNDING * Math.abs(y);
      default -> {
        // an infinite argument isn't rounded
        double argument = Double.isInfinite(x) ? 0 : ARGUMENT * Math.abs(x * f.derivative(x, y));
        yield U * (FUNCTION * Math.abs(y) + argument);
      }
    };
  }

  private static double[] unaryVjp(Kernel.UnaryVjp k) {
    double[] x = k.x().toDoubles();
    double[] y = k.y().toDoubles();
    double[] dy = k.dy().toDoubles();
    return map(k.dx(), i -> FUNCTION * U * Math.abs(dy[i]) * slopeTerms(k.function(), x[i], y[i]));
  }

  /**
   * The sum of the absolute values of f'(x)'s terms, differences taken apart, and of what a
   * relative error in the argument of its transcendental part does to it.
   */
  static double slopeTerms(UnaryFunction f, double x, double y) {
    double sigmoid = UnaryFunction.SIGMOID.value(x);
    return switch (f) {
      case NEGATE, ABS, SQUARE, RECIPROCAL, EXP, LOG, SQRT -> Math.abs(f.derivative(x, y));
      case SIN, COS -> Math.abs(f.derivative(x, y)) + Math.abs(x * y);
      case TANH -> 1 + y * y;
      case SIGMOID -> Math.abs(y) * (1 + Math.abs(y));
      case SILU -> swishTerms(x);
      case QUICK_GELU -> swishTerms(1.702 * x);
      case GELU -> {
        double density = Math.abs(x) * ErrorFunction.normalPdf(x);
        yield ErrorFunction.normalCdf(x) + density * (2 + x * x);
      }
      case SOFTPLUS -> sigmoid * (1 + Math.abs(x) * (1 - sigmoid));
    };
  }

  /** Of s (1 + t (1 - s)), s = σ(t). */
  private static double swishTerms(double t) {
    double s = UnaryFunction.SIGMOID.value(t);
    double magnitude = Math.abs(t);
    return s * (1 + magnitude * (1 + s)) + magnitude * s * (1 - s) * (2 + magnitude);
  }

  private static Map<String, double[]> geglu(Kernel.Geglu k) {
    double[] x = k.x().toDoubles();
    int d = k.y().shape().dim(1);
    return Map.of(
        "y",
        map(
            k.y(),
            i -> {
              int a = i / d * 2 * d + i % d;
              double gelu = UnaryFunction.GELU.value(x[a + d]);
              return Math.abs(x[a]) * (unary(UnaryFunction.GELU, x[a + d]) + U * Math.abs(gelu));
            }));
  }

  private static Map<String, double[]> gegluVjp(Kernel.GegluVjp k) {
    double[] x = k.x().toDoubles();
    double[] dy = k.dy().toDoubles();
    int d = k.dy().shape().dim(1);
    double[] bounds = new double[x.length];
    for (int i = 0; i < dy.length; i++) {
      int a = i / d * 2 * d + i % d;
      double g = x[a + d];
      double gelu = UnaryFunction.GELU.value(g);
      bounds[a] = Math.abs(dy[i]) * (unary(UnaryFunction.GELU, g) + U * Math.abs(gelu));
      double slope = slopeTerms(UnaryFunction.GELU, g, gelu);
      bounds[a + d] = (FUNCTION + 1) * U * Math.abs(dy[i] * x[a]) * slope;
    }
    return Map.of("dx", bounds);
  }

  /** p (1 - lr·decay) - rate·m: each constant is rounded, and so is m before it is used. */
  private static Map<String, double[]> adamW(Kernel.AdamW given, Kernel.AdamW done) {
    Kernel.AdamWStep step = done.step();
    double[] g = given.gradient().toDoubles();
    double[] pOld = given.parameter().toDoubles();
    double[] mOld = given.m().toDoubles();
    double[] m = done.m().toDoubles();
    double[] v = done.v().toDoubles();
    double correction1 = 1 - Math.pow(step.beta1(), step.step());
    double correction2 = 1 - Math.pow(step.beta2(), step.step());
    double[] dm = new double[m.length];
    double[] dv = new double[m.length];
    double[] dp = new double[m.length];
    for (int i = 0; i < m.length; i++) {
      dm[i] = 4 * U * (Math.abs(step.beta1() * mOld[i]) + Math.abs((1 - step.beta1()) * g[i]));
      dv[i] = 5 * U * v[i];
      double denominator = Math.sqrt(v[i] / correction2) + step.eps();
      double rate = step.learningRate() / correction1 / denominator;
      // v's relative error is halved by the root: 5/2, with 6 more roundings on the way
      double update = rate * (dm[i] + 9 * U * Math.abs(m[i]));
      dp[i] = update + 3 * U * (Math.abs(pOld[i]) + Math.abs(rate * m[i]));
    }
    return Map.of("parameter", dp, "m", dm, "v", dv);
  }

  /** s - (1 - d)(s - w). */
  private static Map<String, double[]> ema(Kernel.Ema given) {
    double[] shadow = given.shadow().toDoubles();
    double[] value = given.value().toDoubles();
    double rate = 1 - given.decay();
    return Map.of(
        "shadow",
        map(
            given.shadow(),
            i ->
                U
                    * (2 * Math.abs(shadow[i])
                        + 4 * rate * (Math.abs(shadow[i]) + Math.abs(value[i])))));
  }
}
