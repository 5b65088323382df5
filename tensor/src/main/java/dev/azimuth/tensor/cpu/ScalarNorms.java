package dev.azimuth.tensor.cpu;

import dev.azimuth.tensor.Kernel;
import dev.azimuth.tensor.Shape;
import dev.azimuth.tensor.UnaryFunction;

/** The oracle's group and layer normalisation. */
final class ScalarNorms {
  private ScalarNorms() {}

  static void groupNorm(WorkPool pool, Kernel.GroupNorm kernel) {
    Groups g = new Groups(kernel.x().shape(), kernel.groups());
    double[] x = Elements.of(kernel.x());
    double[] weight = Elements.of(kernel.weight());
    double[] bias = Elements.of(kernel.bias());
    double[] y = new double[x.length];
    double[] mean = new double[g.count()];
    double[] rstd = new double[g.count()];
    pool.run(
        g.count(),
        group -> {
          double sum = 0;
          for (int i = 0; i < g.size(); i++) {
            sum += x[g.element(group, i)];
          }
          mean[group] = sum / g.size();
          double squares = 0;
          for (int i = 0; i < g.size(); i++) {
            double centred = x[g.element(group, i)] - mean[group];
            squares += centred * centred;
          }
          rstd[group] = 1 / Math.sqrt(squares / g.size() + kernel.eps());
          for (int i = 0; i < g.size(); i++) {
            int at = g.element(group, i);
            int c = at % g.channels;
            double affine = (x[at] - mean[group]) * rstd[group] * weight[c] + bias[c];
            y[at] = kernel.silu() ? UnaryFunction.SILU.value(affine) : affine;
          }
        });
    Elements.store(y, kernel.y());
    Elements.store(mean, kernel.mean());
    Elements.store(rstd, kernel.rstd());
  }

  static void groupNormVjp(WorkPool pool, Kernel.GroupNormVjp kernel) {
    Groups g = new Groups(kernel.x().shape(), kernel.groups());
    double[] weight = Elements.of(kernel.weight());
    double[] rstd = Elements.of(kernel.rstd());
    double[] normal = normalised(g, kernel);
    double[] dAffine = kernel.silu() ? throughSilu(g, kernel, normal) : Elements.of(kernel.dy());

    double[] dx = new double[normal.length];
    pool.run(
        g.count(),
        group -> {
          double sum = 0;
          double sumNormal = 0;
          for (int i = 0; i < g.size(); i++) {
            int at = g.element(group, i);
            double dNormal = dAffine[at] * weight[at % g.channels];
            sum += dNormal;
            sumNormal += dNormal * normal[at];
          }
          for (int i = 0; i < g.size(); i++) {
            int at = g.element(group, i);
            double dNormal = dAffine[at] * weight[at % g.channels];
            dx[at] = rstd[group] * (dNormal - sum / g.size() - normal[at] * sumNormal / g.size());
          }
        });
    Elements.store(dx, kernel.dx());
    Elements.store(columnSums(pool, g.channels, dAffine, normal), kernel.dWeight());
    Elements.store(columnSums(pool, g.channels, dAffine), kernel.dBias());
  }

  /** (x - mean) · rstd. */
  private static double[] normalised(Groups g, Kernel.GroupNormVjp kernel) {
    double[] x = Elements.of(kernel.x());
    double[] mean = Elements.of(kernel.mean());
    double[] rstd = Elements.of(kernel.rstd());
    double[] normal = new double[x.length];
    for (int group = 0; group < g.count(); group++) {
      for (int i = 0; i < g.size(); i++) {
        int at = g.element(group, i);
        normal[at] = (x[at] - mean[group]) * rstd[group];
      }
    }
    return normal;
  }

  /** dy · silu'(normal · weight + bias). */
  private static double[] throughSilu(Groups g, Kernel.GroupNormVjp kernel, double[] normal) {
    double[] weight = Elements.of(kernel.weight());
    double[] bias = Elements.of(kernel.bias());
    double[] dy = Elements.of(kernel.dy());
    double[] dAffine = new double[dy.length];
    for (int i = 0; i < dy.length; i++) {
      int c = i % g.channels;
      double affine = normal[i] * weight[c] + bias[c];
      double silu = UnaryFunction.SILU.value(affine);
      dAffine[i] = dy[i] * UnaryFunction.SILU.derivative(affine, silu);
    }
    return dAffine;
  }

  static void layerNorm(WorkPool pool, Kernel.LayerNorm kernel) {
    double[] x = Elements.of(kernel.x());
    double[] weight = Elements.of(kernel.weight());
    double[] bias = Elements.of(kernel.bias());
    int columns = weight.length;
    double[] y = new double[x.length];
    double[] mean = new double[kernel.mean().shape().size()];
    double[] rstd = new double[mean.length];
    pool.run(
        mean.length,
        row -> {
          int first = row * columns;
          double sum = 0;
          for (int j = 0; j < columns; j++) {
            sum += x[first + j];
          }
          mean[row] = sum / columns;
          double squares = 0;
          for (int j = 0; j < columns; j++) {
            double centred = x[first + j] - mean[row];
            squares += centred * centred;
          }
          rstd[row] = 1 / Math.sqrt(squares / columns + kernel.eps());
          for (int j = 0; j < columns; j++) {
            y[first + j] = (x[first + j] - mean[row]) * rstd[row] * weight[j] + bias[j];
          }
        });
    Elements.store(y, kernel.y());
    Elements.store(mean, kernel.mean());
    Elements.store(rstd, kernel.rstd());
  }

  static void layerNormVjp(WorkPool pool, Kernel.LayerNormVjp kernel) {
    double[] x = Elements.of(kernel.x());
    double[] weight = Elements.of(kernel.weight());
    double[] mean = Elements.of(kernel.mean());
    double[] rstd = Elements.of(kernel.rstd());
    double[] dy = Elements.of(kernel.dy());
    int columns = weight.length;
    double[] normal = new double[x.length];
    double[] dx = new double[x.length];
    pool.run(
        mean.length,
        row -> {
          int first = row * columns;
          double sum = 0;
          double sumNormal = 0;
          for (int j = 0; j < columns; j++) {
            normal[first + j] = (x[first + j] - mean[row]) * rstd[row];
            double dNormal = dy[first + j] * weight[j];
            sum += dNormal;
            sumNormal += dNormal * normal[first + j];
          }
          for (int j = 0; j < columns; j++) {
            double dNormal = dy[first + j] * weight[j];
            dx[first + j] =
                rstd[row] * (dNormal - sum / columns - normal[first + j] * sumNormal / columns);
          }
        });
    Elements.store(dx, kernel.dx());
    Elements.store(columnSums(pool, columns, dy, normal), kernel.dWeight());
    Elements.store(columnSums(pool, columns, dy), kernel.dBias());
  }

  /** Sum over rows of the product of the factors, per column. */
  private static double[] columnSums(WorkPool pool, int columns, double[]... factors) {
    double[] sums = new double[columns];
    pool.run(
        columns,
        c -> {
          for (int i = c; i < factors[0].length; i += columns) {
            double product = 1;
            for (double[] factor : factors) {
              product *= factor[i];
            }
            sums[c] += product;
          }
        });
    return sums;
  }

  /** The groups of [N, S, C]: {@code groups} runs of consecutive channels per image. */
  private static final class Groups {
    final int channels;
    private final int images;
    private final int positions;
    private final int groups;
    private final int width;

    Groups(Shape shape, int groups) {
      images = shape.dim(0);
      positions = shape.dim(1);
      channels = shape.dim(2);
      this.groups = groups;
      width = channels / groups;
    }

    /** Groups of all images. */
    int count() {
      return images * groups;
    }

    /** Elements in a group. */
    int size() {
      return positions * width;
    }

    /** Where element {@code i} of a group is. */
    int element(int group, int i) {
      int position = group / groups * positions + i / width;
      return position * channels + group % groups * width + i % width;
    }
  }
}
