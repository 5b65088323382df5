package dev.azimuth.tensor.cpu;

import static dev.azimuth.tensor.cpu.VectorMath.LANES;
import static dev.azimuth.tensor.cpu.VectorMath.SPECIES;

import dev.azimuth.tensor.Kernel;
import dev.azimuth.tensor.Tensor;
import java.util.Arrays;
import jdk.incubator.vector.FloatVector;

/**
 * Group normalisation of channels-last images, forward and backward.
 *
 * <p>Lanes are channels, so sums are first taken per channel and then joined per group, however
 * narrow a group is. Variances are sums of squared distances from a nearby centre, the group's mean
 * over the first rows, so that a large mean costs no digits. Sums run in float over few rows and in
 * double beyond.
 *
 * <p>A small sample is one task; a large one is cut into chunks of rows.
 */
final class SimdGroupNorm {
  // samples with more elements are shared between threads
  private static final int LARGE_SAMPLE = 1 << 16;
  private static final int CHUNK = 1 << 14;
  // few enough that the cache lines of a column of rows don't evict each other
  private static final int BLOCK_ROWS = 16;
  // rows summed in float before the total goes to double
  private static final int FLOAT_ROWS = 4 * BLOCK_ROWS;

  private SimdGroupNorm() {}

  /**
   * Sizes of x [samples, rows, channels] and of its computation: {@code width} is channels rounded
   * up to whole vectors, {@code chunkRows} the rows of a task in a large sample.
   */
  private record Layout(int samples, int rows, int channels, int groups, int width, int chunkRows) {
    static Layout of(Tensor x, int groups) {
      int samples = x.shape().dim(0);
      int channels = x.shape().dim(-1);
      int rows = x.shape().size() / (samples * channels);
      int width = Math.ceilDiv(channels, LANES) * LANES;
      int chunkRows = Math.max(1, CHUNK / width / FLOAT_ROWS) * FLOAT_ROWS;
      return new Layout(samples, rows, channels, groups, width, chunkRows);
    }

    int sampleSize() {
      return rows * channels;
    }

    int groupSize() {
      return rows * groupChannels();
    }

    int groupChannels() {
      return channels / groups;
    }

    int chunks() {
      return Math.ceilDiv(rows, chunkRows);
    }

    boolean isPadded() {
      return width != channels;
    }

    /** Values per group as values per channel. */
    float[] spread(float[] values, int offset) {
      float[] spread = new float[width];
      for (int c = 0; c < channels; c++) {
        spread[c] = values[offset + c / groupChannels()];
      }
      return spread;
    }

    /** A sample's rows, each filled up with zeros to whole vectors. */
    float[] padded(float[] x, int sample) {
      float[] padded = new float[rows * width];
      for (int row = 0; row < rows; row++) {
        System.arraycopy(x, sample * sampleSize() + row * channels, padded, row * width, channels);
      }
      return padded;
    }

    void unpad(float[] padded, float[] y, int sample) {
      for (int row = 0; row < rows; row++) {
        System.arraycopy(padded, row * width, y, sample * sampleSize() + row * channels, channels);
      }
    }
  }

  /** Work on rows from (inclusive) to (exclusive) of the chunk's number. */
  private interface ChunkBody {
    void run(int chunk, int from, int to);
  }

  private static void chunks(Layout layout, WorkPool pool, ChunkBody body) {
    pool.run(
        layout.chunks(),
        chunk -> {
          int from = chunk * layout.chunkRows;
          body.run(chunk, from, Math.min(layout.rows, from + layout.chunkRows));
        });
  }

  /** One sample after another on all threads if they are large, else samples side by side. */
  private static void samples(Layout layout, WorkPool pool, Ranges.Body body) {
    if (layout.sampleSize() > LARGE_SAMPLE) {
      body.run(0, layout.samples);
    } else {
      Ranges.split(pool, layout.samples, layout.sampleSize(), body);
    }
  }

  // --- forward ---

  static void run(Kernel.GroupNorm kernel, WorkPool pool) {
    if (kernel.x().shape().size() == 0) {
      return;
    }
    Layout layout = Layout.of(kernel.x(), kernel.groups());
    samples(
        layout,
        pool,
        (from, to) -> {
          for (int sample = from; sample < to; sample++) {
            forward(kernel, layout, sample, pool);
          }
        });
  }

  private static void forward(Kernel.GroupNorm kernel, Layout layout, int sample, WorkPool pool) {
    float[] y = HostBuffer.floats(kernel.y());
    float[] x = HostBuffer.floats(kernel.x());
    if (layout.isPadded()) {
      float[] target = new float[layout.rows * layout.width];
      forward(kernel, layout, sample, layout.padded(x, sample), target, 0, pool);
      layout.unpad(target, y, sample);
    } else {
      forward(kernel, layout, sample, x, y, sample * layout.sampleSize(), pool);
    }
  }

  private static void forward(
      Kernel.GroupNorm kernel,
      Layout layout,
      int sample,
      float[] x,
      float[] y,
      int offset,
      WorkPool pool) {
    int groups = layout.groups;
    int width = layout.width;
    float[] groupCenters = firstMeans(layout, x, offset);
    float[] center = layout.spread(groupCenters, 0);
    double[][] moments = new double[layout.chunks()][];
    chunks(
        layout,
        pool,
        (chunk, from, to) ->
            moments[chunk] = moments(layout, x, offset + from * width, to - from, center));
    float[] mean = HostBuffer.floats(kernel.mean());
    float[] rstd = HostBuffer.floats(kernel.rstd());
    float[] weight = HostBuffer.floats(kernel.weight());
    float[] bias = HostBuffer.floats(kernel.bias());
    float[] scale = new float[width];
    float[] shift = new float[width];
    for (int group = 0; group < groups; group++) {
      double sum = 0;
      double squares = 0;
      for (double[] chunk : moments) {
        sum += chunk[group];
        squares += chunk[groups + group];
      }
      double distance = sum / layout.groupSize();
      double variance = Math.max(0, squares / layout.groupSize() - distance * distance);
      double inverse = 1 / Math.sqrt(variance + kernel.eps());
      double exactMean = groupCenters[group] + distance;
      float roundedMean = (float) exactMean;
      mean[sample * groups + group] = roundedMean;
      rstd[sample * groups + group] = (float) inverse;
      for (int i = 0; i < layout.groupChannels(); i++) {
        int c = group * layout.groupChannels() + i;
        center[c] = roundedMean;
        scale[c] = (float) (inverse * weight[c]);
        // what rounding the mean left over joins the bias
        shift[c] = (float) (bias[c] + (roundedMean - exactMean) * inverse * weight[c]);
      }
    }
    Affine affine = new Affine(center, scale, shift, kernel.silu());
    chunks(
        layout,
        pool,
        (chunk, from, to) -> affine.apply(x, y, offset + from * width, to - from, width));
  }

  /** The groups' means over the first rows: centres from which squares lose nothing. */
  private static float[] firstMeans(Layout layout, float[] x, int offset) {
    int rows = Math.min(layout.rows, FLOAT_ROWS);
    double[] moments = moments(layout, x, offset, rows, new float[layout.width]);
    float[] means = new float[layout.groups];
    for (int group = 0; group < means.length; group++) {
      means[group] = (float) (moments[group] / (rows * layout.groupChannels()));
    }
    return means;
  }

  /** Per group the sum of x - center, then per group the sum of its squares. */
  private static double[] moments(Layout layout, float[] x, int offset, int rows, float[] center) {
    int width = layout.width;
    double[] total = new double[2 * layout.groups];
    float[] sums = new float[width];
    float[] squares = new float[width];
    for (int row = 0; row < rows; row += BLOCK_ROWS) {
      int count = Math.min(BLOCK_ROWS, rows - row);
      addMoments(x, offset + row * width, count, width, center, sums, squares);
      int done = row + count;
      if (done % FLOAT_ROWS == 0 || done == rows) {
        for (int group = 0, c = 0; group < layout.groups; group++) {
          for (int end = c + layout.groupChannels(); c < end; c++) {
            total[group] += sums[c];
            total[layout.groups + group] += squares[c];
          }
        }
        Arrays.fill(sums, 0f);
        Arrays.fill(squares, 0f);
      }
    }
    return total;
  }

  private static void addMoments(
      float[] x, int offset, int rows, int width, float[] center, float[] sums, float[] squares) {
    for (int c = 0; c < width; c += LANES) {
      FloatVector middle = FloatVector.fromArray(SPECIES, center, c);
      FloatVector sum0 = FloatVector.fromArray(SPECIES, sums, c);
      FloatVector square0 = FloatVector.fromArray(SPECIES, squares, c);
      FloatVector sum1 = FloatVector.zero(SPECIES);
      FloatVector square1 = sum1;
      int at = offset + c;
      int r = 0;
      for (; r <= rows - 2; r += 2) {
        FloatVector d0 = FloatVector.fromArray(SPECIES, x, at).sub(middle);
        FloatVector d1 = FloatVector.fromArray(SPECIES, x, at + width).sub(middle);
        sum0 = sum0.add(d0);
        sum1 = sum1.add(d1);
        square0 = d0.fma(d0, square0);
        square1 = d1.fma(d1, square1);
        at += 2 * width;
      }
      if (r < rows) {
        FloatVector d0 = FloatVector.fromArray(SPECIES, x, at).sub(middle);
        sum0 = sum0.add(d0);
        square0 = d0.fma(d0, square0);
      }
      sum0.add(sum1).intoArray(sums, c);
      square0.add(square1).intoArray(squares, c);
    }
  }

  /** Per channel y = (x - center) · scale + shift, then SiLU if it is wanted. */
  @SuppressWarnings("ArrayRecordComponent") // a bundle of arguments, never compared
  private record Affine(float[] center, float[] scale, float[] shift, boolean silu) {
    void apply(float[] x, float[] y, int offset, int rows, int width) {
      for (int row = 0; row < rows; row += BLOCK_ROWS) {
        int count = Math.min(BLOCK_ROWS, rows - row);
        for (int c = 0; c < width; c += LANES) {
          if (silu) {
            columnSilu(x, y, offset + row * width + c, count, width, c);
          } else {
            column(x, y, offset + row * width + c, count, width, c);
          }
        }
      }
    }

    private void column(float[] x, float[] y, int offset, int rows, int width, int c) {
      FloatVector middle = FloatVector.fromArray(SPECIES, center, c);
      FloatVector factor = FloatVector.fromArray(SPECIES, scale, c);
      FloatVector summand = FloatVector.fromArray(SPECIES, shift, c);
      for (int r = 0, at = offset; r < rows; r++, at += width) {
        FloatVector.fromArray(SPECIES, x, at).sub(middle).fma(factor, summand).intoArray(y, at);
      }
    }

    private void columnSilu(float[] x, float[] y, int offset, int rows, int width, int c) {
      FloatVector middle = FloatVector.fromArray(SPECIES, center, c);
      FloatVector factor = FloatVector.fromArray(SPECIES, scale, c);
      FloatVector summand = FloatVector.fromArray(SPECIES, shift, c);
      for (int r = 0, at = offset; r < rows; r++, at += width) {
        FloatVector z = FloatVector.fromArray(SPECIES, x, at).sub(middle).fma(factor, summand);
        z.mul(VectorMath.sigmoid(z)).intoArray(y, at);
      }
    }
  }

  // --- backward ---

  static void run(Kernel.GroupNormVjp kernel, WorkPool pool) {
    int channels = kernel.weight().shape().size();
    double[][] sums = new double[kernel.x().shape().dim(0)][];
    if (kernel.x().shape().size() > 0) {
      Layout layout = Layout.of(kernel.x(), kernel.groups());
      samples(
          layout,
          pool,
          (from, to) -> {
            for (int sample = from; sample < to; sample++) {
              sums[sample] = backward(kernel, layout, sample, pool);
            }
          });
    } else {
      Arrays.fill(sums, new double[2 * channels]);
    }
    float[] dBias = HostBuffer.floats(kernel.dBias());
    float[] dWeight = HostBuffer.floats(kernel.dWeight());
    for (int c = 0; c < channels; c++) {
      double biasSum = 0;
      double weightSum = 0;
      for (double[] sample : sums) {
        biasSum += sample[c];
        weightSum += sample[sample.length / 2 + c];
      }
      dBias[c] = (float) biasSum;
      dWeight[c] = (float) weightSum;
    }
  }

  private static double[] backward(
      Kernel.GroupNormVjp kernel, Layout layout, int sample, WorkPool pool) {
    float[] x = HostBuffer.floats(kernel.x());
    float[] dy = HostBuffer.floats(kernel.dy());
    float[] dx = HostBuffer.floats(kernel.dx());
    if (layout.isPadded()) {
      Slopes padded =
          new Slopes(
              kernel,
              layout,
              sample,
              layout.padded(x, sample),
              layout.padded(dy, sample),
              new float[layout.rows * layout.width],
              0);
      double[] sums = padded.run(pool);
      layout.unpad(padded.dx, dx, sample);
      return sums;
    }
    return new Slopes(kernel, layout, sample, x, dy, dx, sample * layout.sampleSize()).run(pool);
  }

  /**
   * The gradient in one sample. With n = (x - mean) · rstd and dz the gradient before SiLU, {@code
   * dx = rstd (w dz - mean(w dz) - n · mean(n w dz))}; the means are over groups.
   */
  private static final class Slopes {
    private final Layout layout;
    private final float[] x;
    private final float[] dy;
    private final float[] dx;
    private final int offset;
    private final boolean silu;
    private final float[] center;
    private final float[] rstd;
    private final float[] weight;
    private final float[] bias;

    Slopes(
        Kernel.GroupNormVjp kernel,
        Layout layout,
        int sample,
        float[] x,
        float[] dy,
        float[] dx,
        int offset) {
      this.layout = layout;
      this.x = x;
      this.dy = dy;
      this.dx = dx;
      this.offset = offset;
      this.silu = kernel.silu();
      int first = sample * layout.groups;
      this.center = layout.spread(HostBuffer.floats(kernel.mean()), first);
      this.rstd = layout.spread(HostBuffer.floats(kernel.rstd()), first);
      this.weight = Arrays.copyOf(HostBuffer.floats(kernel.weight()), layout.width);
      this.bias = Arrays.copyOf(HostBuffer.floats(kernel.bias()), layout.width);
    }

    /** Writes dx; returns per channel the sum of dz, then per channel the sum of dz · n. */
    double[] run(WorkPool pool) {
      int width = layout.width;
      double[][] partial = new double[layout.chunks()][];
      chunks(
          layout,
          pool,
          (chunk, from, to) -> partial[chunk] = sums(offset + from * width, to - from));
      double[] sums = new double[2 * width];
      for (double[] chunk : partial) {
        for (int i = 0; i < sums.length; i++) {
          sums[i] += chunk[i];
        }
      }
      float[] slope = new float[width];
      float[] pull = new float[width];
      float[] shift = new float[width];
      int perGroup = layout.groupChannels();
      for (int first = 0; first < layout.channels; first += perGroup) {
        double mean = 0;
        double meanNormal = 0;
        for (int c = first; c < first + perGroup; c++) {
          mean += weight[c] * sums[c];
          meanNormal += weight[c] * sums[width + c];
        }
        mean /= layout.groupSize();
        meanNormal /= layout.groupSize();
        for (int c = first; c < first + perGroup; c++) {
          slope[c] = rstd[c] * weight[c];
          pull[c] = (float) -((double) rstd[c] * rstd[c] * meanNormal);
          shift[c] = (float) -(rstd[c] * mean);
        }
      }
      float[] dz = silu ? dx : dy;
      chunks(
          layout,
          pool,
          (chunk, from, to) -> finish(dz, offset + from * width, to - from, slope, pull, shift));
      return sums;
    }

    private double[] sums(int offset, int rows) {
      int width = layout.width;
      double[] total = new double[2 * width];
      float[] run = new float[2 * width];
      for (int row = 0; row < rows; row += BLOCK_ROWS) {
        int count = Math.min(BLOCK_ROWS, rows - row);
        for (int c = 0; c < width; c += LANES) {
          if (silu) {
            throughSilu(offset + row * width + c, count, c);
          }
          column(silu ? dx : dy, offset + row * width + c, count, c, run);
        }
        int done = row + count;
        if (done % FLOAT_ROWS == 0 || done == rows) {
          for (int i = 0; i < run.length; i++) {
            total[i] += run[i];
          }
          Arrays.fill(run, 0f);
        }
      }
      return total;
    }

    private void column(float[] dz, int offset, int rows, int c, float[] run) {
      int width = layout.width;
      FloatVector middle = FloatVector.fromArray(SPECIES, center, c);
      FloatVector inverse = FloatVector.fromArray(SPECIES, rstd, c);
      FloatVector sum = FloatVector.fromArray(SPECIES, run, c);
      FloatVector sumNormal = FloatVector.fromArray(SPECIES, run, width + c);
      for (int r = 0, at = offset; r < rows; r++, at += width) {
        FloatVector normal = FloatVector.fromArray(SPECIES, x, at).sub(middle).mul(inverse);
        FloatVector slope = FloatVector.fromArray(SPECIES, dz, at);
        sum = sum.add(slope);
        sumNormal = slope.fma(normal, sumNormal);
      }
      sum.intoArray(run, c);
      sumNormal.intoArray(run, width + c);
    }

    /** Leaves dz in dx. */
    private void throughSilu(int offset, int rows, int c) {
      int width = layout.width;
      FloatVector middle = FloatVector.fromArray(SPECIES, center, c);
      FloatVector summand = FloatVector.fromArray(SPECIES, bias, c);
      FloatVector factor =
          FloatVector.fromArray(SPECIES, weight, c).mul(FloatVector.fromArray(SPECIES, rstd, c));
      for (int r = 0, at = offset; r < rows; r++, at += width) {
        FloatVector z = FloatVector.fromArray(SPECIES, x, at).sub(middle).fma(factor, summand);
        FloatVector slope = VectorMath.siluSlope(z, VectorMath.sigmoid(z));
        slope.mul(FloatVector.fromArray(SPECIES, dy, at)).intoArray(dx, at);
      }
    }

    /** dx = dz · slope + (x - center) · pull + shift. */
    private void finish(
        float[] dz, int offset, int rows, float[] slope, float[] pull, float[] shift) {
      int width = layout.width;
      for (int row = 0; row < rows; row += BLOCK_ROWS) {
        int count = Math.min(BLOCK_ROWS, rows - row);
        for (int c = 0; c < width; c += LANES) {
          FloatVector middle = FloatVector.fromArray(SPECIES, center, c);
          FloatVector first = FloatVector.fromArray(SPECIES, slope, c);
          FloatVector second = FloatVector.fromArray(SPECIES, pull, c);
          FloatVector third = FloatVector.fromArray(SPECIES, shift, c);
          for (int r = 0, at = offset + row * width + c; r < count; r++, at += width) {
            FloatVector d = FloatVector.fromArray(SPECIES, x, at).sub(middle).fma(second, third);
            FloatVector.fromArray(SPECIES, dz, at).fma(first, d).intoArray(dx, at);
          }
        }
      }
    }
  }
}
