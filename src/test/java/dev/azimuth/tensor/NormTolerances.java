package dev.azimuth.tensor;

import static dev.azimuth.tensor.Tolerances.U;
import static dev.azimuth.tensor.Tolerances.growth;

import java.util.Arrays;
import java.util.Map;

/**
 * The part of {@link Tolerances} for normalisations. A layer norm is a group norm of one group
 * whose images are the rows.
 */
final class NormTolerances {
  private final double[] x;
  private final double[] weight;
  private final double[] bias;
  private final double[] mean;
  private final double[] rstd;
  private final boolean silu;
  private final int channels;
  private final int width;
  private final int positions;

  /** Elements in a group. */
  private final int size;

  private NormTolerances(
      Tensor x, Tensor weight, double[] bias, Tensor mean, Tensor rstd, boolean silu) {
    this.x = x.toDoubles();
    this.weight = weight.toDoubles();
    this.bias = bias;
    this.mean = mean.toDoubles();
    this.rstd = rstd.toDoubles();
    this.silu = silu;
    channels = weight.shape().size();
    int images = mean.shape().dim(0);
    width = channels * images / mean.shape().size();
    positions = this.x.length / (images * channels);
    size = width * positions;
  }

  static Map<String, double[]> groupNorm(Kernel.GroupNorm k) {
    NormTolerances norm =
        new NormTolerances(k.x(), k.weight(), k.bias().toDoubles(), k.mean(), k.rstd(), k.silu());
    return norm.forward();
  }

  static Map<String, double[]> layerNorm(Kernel.LayerNorm k) {
    NormTolerances norm =
        new NormTolerances(k.x(), k.weight(), k.bias().toDoubles(), k.mean(), k.rstd(), false);
    return norm.forward();
  }

  static Map<String, double[]> groupNormVjp(Kernel.GroupNormVjp k) {
    NormTolerances norm =
        new NormTolerances(k.x(), k.weight(), k.bias().toDoubles(), k.mean(), k.rstd(), k.silu());
    return norm.vjp(k.dy().toDoubles());
  }

  static Map<String, double[]> layerNormVjp(Kernel.LayerNormVjp k) {
    double[] noBias = new double[k.weight().shape().size()];
    NormTolerances norm = new NormTolerances(k.x(), k.weight(), noBias, k.mean(), k.rstd(), false);
    return norm.vjp(k.dy().toDoubles());
  }

  private int group(int i) {
    int groups = channels / width;
    return i / (positions * channels) * groups + i % channels / width;
  }

  private double[] groupMeans(double[] values) {
    double[] means = new double[mean.length];
    for (int i = 0; i < values.length; i++) {
      means[group(i)] += values[i] / size;
    }
    return means;
  }

  private double[] columnSums(double[] values) {
    double[] sums = new double[channels];
    for (int i = 0; i < values.length; i++) {
      sums[i % channels] += values[i];
    }
    return sums;
  }

  private double normal(int i) {
    return (x[i] - mean[group(i)]) * rstd[group(i)];
  }

  private double affine(int i) {
    return normal(i) * weight[i % channels] + bias[i % channels];
  }

  /** What normal(i) may be off by through x - mean, or x·rstd - mean·rstd, alone; in u. */
  private double centring(int i) {
    return 4 * rstd[group(i)] * (Math.abs(x[i]) + Math.abs(mean[group(i)]));
  }

  /**
   * The mean is wrong by u·growth·mean|x|. The centred squares sum to the variance, to which an
   * error of the mean adds its square; the root halves relative errors, which is not made use of.
   */
  private Map<String, double[]> forward() {
    double[] meanError = groupMeans(Arrays.stream(x).map(Math::abs).toArray());
    double[] rstdError = new double[rstd.length];
    for (int g = 0; g < rstd.length; g++) {
      meanError[g] *= U * growth(size);
      double shift = meanError[g] * rstd[g];
      rstdError[g] = rstd[g] * (U * (growth(size) + 4) + shift * shift);
    }
    double[] y = new double[x.length];
    for (int i = 0; i < x.length; i++) {
      int g = group(i);
      double w = Math.abs(weight[i % channels]);
      double normalError =
          meanError[g] * rstd[g] + Math.abs(x[i] - mean[g]) * rstdError[g] + U * centring(i);
      double terms = w * Math.abs(normal(i)) + Math.abs(bias[i % channels]);
      double error = w * normalError + 3 * U * terms;
      // SiLU's slope stays below 1.1
      y[i] = silu ? 1.1 * error + Tolerances.unary(UnaryFunction.SILU, affine(i)) : error;
    }
    return Map.of("y", y, "mean", meanError, "rstd", rstdError);
  }

  /**
   * With n the normalised x and a its affine image: da = dy·silu'(a), g = da·w, dx = rstd (g -
   * mean(g) - n·mean(g n)), dWeight = Σ da n, dBias = Σ da. Mean and rstd are given, so n is wrong
   * by its centring alone.
   */
  private Map<String, double[]> vjp(double[] dy) {
    double[] da = new double[x.length];
    double[] daError = new double[x.length];
    throughSilu(dy, da, daError);
    return Map.of(
        "dx", dx(da, daError),
        "dWeight", dWeight(da, daError),
        "dBias", dBias(da, daError));
  }

  private void throughSilu(double[] dy, double[] da, double[] daError) {
    for (int i = 0; i < x.length; i++) {
      if (!silu) {
        da[i] = dy[i];
        continue;
      }
      double a = affine(i);
      double w = Math.abs(weight[i % channels]);
      double aError =
          U * (w * centring(i) + 3 * (w * Math.abs(normal(i)) + Math.abs(bias[i % channels])));
      double silu = UnaryFunction.SILU.value(a);
      da[i] = dy[i] * UnaryFunction.SILU.derivative(a, silu);
      double slope = Tolerances.slopeTerms(UnaryFunction.SILU, a, silu);
      // the slope's own slope is at most 1/2
      daError[i] = Math.abs(dy[i]) * (Tolerances.FUNCTION * U * slope + 0.5 * aError);
    }
  }

  private double[] dBias(double[] da, double[] daError) {
    double factor = U * growth(x.length / channels);
    double[] terms = new double[x.length];
    Arrays.setAll(terms, i -> daError[i] + factor * Math.abs(da[i]));
    return columnSums(terms);
  }

  private double[] dWeight(double[] da, double[] daError) {
    double factor = U * growth(x.length / channels);
    double[] terms = new double[x.length];
    Arrays.setAll(
        terms,
        i -> {
          double n = Math.abs(normal(i));
          return daError[i] * n + Math.abs(da[i]) * (U * centring(i) + factor * n);
        });
    return columnSums(terms);
  }

  private double[] dx(double[] da, double[] daError) {
    double factor = U * growth(size);
    double[] g = new double[x.length];
    double[] gError = new double[x.length];
    double[] gn = new double[x.length];
    double[] sumError = new double[x.length];
    double[] sumNormalError = new double[x.length];
    for (int i = 0; i < x.length; i++) {
      double w = weight[i % channels];
      double n = normal(i);
      g[i] = da[i] * w;
      gn[i] = g[i] * n;
      gError[i] = daError[i] * Math.abs(w) + U * Math.abs(g[i]);
      sumError[i] = gError[i] + factor * Math.abs(g[i]);
      sumNormalError[i] =
          gError[i] * Math.abs(n) + Math.abs(g[i]) * U * centring(i) + factor * Math.abs(gn[i]);
    }
    double[] meanG = groupMeans(g);
    double[] meanGn = groupMeans(gn);
    double[] meanGError = groupMeans(sumError);
    double[] meanGnError = groupMeans(sumNormalError);
    double[] bounds = new double[x.length];
    for (int i = 0; i < x.length; i++) {
      int group = group(i);
      double n = Math.abs(normal(i));
      double terms = Math.abs(g[i]) + Math.abs(meanG[group]) + n * Math.abs(meanGn[group]);
      double error =
          gError[i]
              + meanGError[group]
              + n * meanGnError[group]
              + U * centring(i) * Math.abs(meanGn[group])
              + 4 * U * terms;
      bounds[i] = rstd[group] * error;
    }
    return bounds;
  }
}
