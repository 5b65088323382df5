package dev.azimuth.tensor;

import dev.azimuth.tensor.Conv2dGeometry.Padding;
import dev.azimuth.tensor.Conv2dGeometry.Stride;
import dev.azimuth.tensor.op.Affine;
import dev.azimuth.tensor.op.Arithmetic;
import dev.azimuth.tensor.op.Attention;
import dev.azimuth.tensor.op.AvgPool2d;
import dev.azimuth.tensor.op.BatchNorm;
import dev.azimuth.tensor.op.Clamp;
import dev.azimuth.tensor.op.Concat;
import dev.azimuth.tensor.op.Conv2d;
import dev.azimuth.tensor.op.CrossEntropy;
import dev.azimuth.tensor.op.Dropout;
import dev.azimuth.tensor.op.Embedding;
import dev.azimuth.tensor.op.Expand;
import dev.azimuth.tensor.op.Geglu;
import dev.azimuth.tensor.op.GroupNorm;
import dev.azimuth.tensor.op.LayerNorm;
import dev.azimuth.tensor.op.Linear;
import dev.azimuth.tensor.op.LogSoftmax;
import dev.azimuth.tensor.op.Map;
import dev.azimuth.tensor.op.Matmul;
import dev.azimuth.tensor.op.MaxPool2d;
import dev.azimuth.tensor.op.MeanSquaredError;
import dev.azimuth.tensor.op.Op;
import dev.azimuth.tensor.op.Pad;
import dev.azimuth.tensor.op.Permute;
import dev.azimuth.tensor.op.Reduce;
import dev.azimuth.tensor.op.Reshape;
import dev.azimuth.tensor.op.Resize;
import dev.azimuth.tensor.op.Slice;
import dev.azimuth.tensor.op.Softmax;
import dev.azimuth.tensor.op.Variance;
import dev.azimuth.tensor.op.Where;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * A dense, row-major array of float32 or float64 on a {@link Backend}.
 *
 * <p>Images are channels-last, {@code [N, H, W, C]}, so that tokens {@code [N, H·W, C]} are a
 * reshape. Operations return new tensors; a reshape shares the elements. A result keeps its {@link
 * History} only if an input was {@link #tracked()}.
 *
 * <p>Every operation throws {@link ShapeException} if the shapes don't fit and {@link
 * IllegalArgumentException} if the operands differ in backend or dtype.
 */
public final class Tensor {
  private final Backend backend;
  private final Shape shape;
  private final Buffer buffer;
  private final @Nullable History history;

  /** A backend's buffer seen as a tensor; for backends and ops, users have {@link #of}. */
  public Tensor(Backend backend, Shape shape, Buffer buffer, @Nullable History history) {
    if (buffer.size() != shape.size()) {
      throw new ShapeException(
          "tensor", "a buffer of " + buffer.size() + " elements doesn't fill the shape", shape);
    }
    this.backend = backend;
    this.shape = shape;
    this.buffer = buffer;
    this.history = history;
  }

  // --- making and reading ---

  /** A float32 tensor with these values, row-major. */
  public static Tensor of(Backend backend, Shape shape, float... values) {
    Buffer buffer = backend.allocate(DType.FLOAT32, shape.size());
    requireLength(shape, values.length);
    backend.upload(values, buffer);
    return new Tensor(backend, shape, buffer, null);
  }

  /** A tensor of the given type with these values, row-major. */
  public static Tensor of(Backend backend, DType dtype, Shape shape, double... values) {
    Buffer buffer = backend.allocate(dtype, shape.size());
    requireLength(shape, values.length);
    backend.upload(values, buffer);
    return new Tensor(backend, shape, buffer, null);
  }

  /** All elements {@code value}. */
  public static Tensor full(Backend backend, DType dtype, Shape shape, double value) {
    Tensor y = backend.empty(shape, dtype);
    backend.run(new Kernel.Fill(y, value));
    return y;
  }

  /** All elements 0. */
  public static Tensor zeros(Backend backend, DType dtype, Shape shape) {
    return full(backend, dtype, shape, 0);
  }

  private static void requireLength(Shape shape, int length) {
    if (length != shape.size()) {
      throw new ShapeException("tensor", length + " values given for " + shape.size(), shape);
    }
  }

  /** Where this tensor lives. */
  public Backend backend() {
    return backend;
  }

  /** Its sizes. */
  public Shape shape() {
    return shape;
  }

  /** Its element type. */
  public DType dtype() {
    return buffer.dtype();
  }

  /** Its storage, for backends. */
  public Buffer buffer() {
    return buffer;
  }

  /** Where it came from, or null if it isn't tracked. */
  public @Nullable History history() {
    return history;
  }

  /** A copy of the elements as float32. */
  public float[] toFloats() {
    return backend.downloadFloats(buffer);
  }

  /** A copy of the elements as float64. */
  public double[] toDoubles() {
    return backend.downloadDoubles(buffer);
  }

  /**
   * The only element.
   *
   * @throws ShapeException if there isn't exactly one
   */
  public double item() {
    Check.that(shape.size() == 1, "item", "needs exactly one element, not " + shape.size(), this);
    return toDoubles()[0];
  }

  /** The same elements as a leaf whose gradient is wanted. */
  public Tensor tracked() {
    return new Tensor(backend, shape, buffer, History.leaf(shape));
  }

  /** The same elements without history. */
  public Tensor detached() {
    return history == null ? this : new Tensor(backend, shape, buffer, null);
  }

  /** The same elements on a backend, which may be this one, in a type, which may be this one. */
  public Tensor to(Backend target, DType dtype) {
    if (target.equals(backend) && dtype == dtype()) {
      return this;
    }
    return of(target, dtype, shape, toDoubles());
  }

  /**
   * Applies an operation, recording history if an input is tracked: the one door through which
   * every operation goes, a user's own included.
   */
  public static <S> Tensor apply(Op<S> op, Tensor... inputs) {
    Tensor first = inputs[0];
    List<Tensor> untracked = new ArrayList<>(inputs.length);
    boolean isTracked = false;
    for (Tensor input : inputs) {
      if (!input.backend.equals(first.backend) || input.dtype() != first.dtype()) {
        throw new IllegalArgumentException(
            op
                + ": operands must share backend and dtype; got "
                + Arrays.stream(inputs).map(x -> x.dtype() + " on " + x.backend.name()).toList());
      }
      untracked.add(input.detached());
      isTracked |= input.history != null;
    }
    Op.Result<S> result = op.forward(untracked);
    Tensor y = result.value();
    if (!isTracked) {
      return y;
    }
    List<@Nullable History> histories = Arrays.stream(inputs).map(Tensor::history).toList();
    return new Tensor(
        y.backend, y.shape, y.buffer, History.of(op, result.saved(), y.shape, histories));
  }

  // --- element-wise ---

  /** f(x) for each element. */
  public Tensor map(UnaryFunction function) {
    return apply(new Map(function), this);
  }

  /** -x. */
  public Tensor negate() {
    return map(UnaryFunction.NEGATE);
  }

  /** |x|. */
  public Tensor abs() {
    return map(UnaryFunction.ABS);
  }

  /** x². */
  public Tensor square() {
    return map(UnaryFunction.SQUARE);
  }

  /** eˣ. */
  public Tensor exp() {
    return map(UnaryFunction.EXP);
  }

  /** ln x. */
  public Tensor log() {
    return map(UnaryFunction.LOG);
  }

  /** √x. */
  public Tensor sqrt() {
    return map(UnaryFunction.SQRT);
  }

  /** tanh x. */
  public Tensor tanh() {
    return map(UnaryFunction.TANH);
  }

  /** σ(x) = 1 / (1 + e⁻ˣ). */
  public Tensor sigmoid() {
    return map(UnaryFunction.SIGMOID);
  }

  /** x·σ(x). */
  public Tensor silu() {
    return map(UnaryFunction.SILU);
  }

  /** x·Φ(x), exact. */
  public Tensor gelu() {
    return map(UnaryFunction.GELU);
  }

  /** x·σ(1.702 x). */
  public Tensor quickGelu() {
    return map(UnaryFunction.QUICK_GELU);
  }

  /** ln(1 + eˣ). */
  public Tensor softplus() {
    return map(UnaryFunction.SOFTPLUS);
  }

  /** min(max(x, low), high); no gradient outside. */
  public Tensor clamp(double low, double high) {
    return apply(new Clamp(low, high), this);
  }

  /** this + b, broadcast. */
  public Tensor add(Tensor b) {
    return apply(new Arithmetic(BinaryFunction.ADD), this, b);
  }

  /** this - b, broadcast. */
  public Tensor sub(Tensor b) {
    return apply(new Arithmetic(BinaryFunction.SUBTRACT), this, b);
  }

  /** this · b element by element, broadcast. */
  public Tensor mul(Tensor b) {
    return apply(new Arithmetic(BinaryFunction.MULTIPLY), this, b);
  }

  /** this / b, broadcast. */
  public Tensor div(Tensor b) {
    return apply(new Arithmetic(BinaryFunction.DIVIDE), this, b);
  }

  /** The larger of both, broadcast. */
  public Tensor maximum(Tensor b) {
    return apply(new Arithmetic(BinaryFunction.MAXIMUM), this, b);
  }

  /** The smaller of both, broadcast. */
  public Tensor minimum(Tensor b) {
    return apply(new Arithmetic(BinaryFunction.MINIMUM), this, b);
  }

  /** 1 where the comparison of this with b holds, 0 elsewhere; broadcast, without gradient. */
  public Tensor compare(BinaryFunction comparison, Tensor b) {
    return apply(new Arithmetic(comparison), this, b);
  }

  /** This where {@code condition} isn't 0, b elsewhere; broadcast. */
  public Tensor where(Tensor condition, Tensor b) {
    return apply(new Where(), condition, this, b);
  }

  /** this + b. */
  public Tensor add(double b) {
    return apply(new Affine(1, b), this);
  }

  /** this · b. */
  public Tensor mul(double b) {
    return apply(new Affine(b, 0), this);
  }

  /** scale · this + shift. */
  public Tensor affine(double scale, double shift) {
    return apply(new Affine(scale, shift), this);
  }

  // --- reductions ---

  /** Sum over these axes, which disappear; over all if none is given. */
  public Tensor sum(int... axes) {
    return reduce(Reduction.SUM, false, axes);
  }

  /** Mean over these axes, which disappear; over all if none is given. */
  public Tensor mean(int... axes) {
    return reduce(Reduction.MEAN, false, axes);
  }

  /** Maximum over these axes, which disappear; over all if none is given. */
  public Tensor max(int... axes) {
    return reduce(Reduction.MAX, false, axes);
  }

  /** Reduction over these axes (all if none is given), kept with size 1 if {@code keepDims}. */
  public Tensor reduce(Reduction reduction, boolean keepDims, int... axes) {
    return apply(new Reduce(reduction, axesOrAll(axes), keepDims), this);
  }

  /** Variance over these axes (all if none is given), divided by count - correction. */
  public Tensor variance(int correction, boolean keepDims, int... axes) {
    return apply(new Variance(axesOrAll(axes), correction, keepDims), this);
  }

  private List<Integer> axesOrAll(int... axes) {
    return axes.length == 0
        ? IntStream.range(0, shape.rank()).boxed().toList()
        : Arrays.stream(axes).map(shape::axis).boxed().sorted().toList();
  }

  // --- products ---

  /** Matrix product of the last two axes; leading axes broadcast. */
  public Tensor matmul(Tensor b) {
    return matmul(b, false, false);
  }

  /** Matrix product with either operand transposed in its last two axes. */
  public Tensor matmul(Tensor b, boolean transposeThis, boolean transposeB) {
    return apply(new Matmul(transposeThis, transposeB), this, b);
  }

  /** x·Wᵀ + bias over the last axis; weight [out, in], bias [out] or null. */
  public Tensor linear(Tensor weight, @Nullable Tensor bias) {
    return bias == null
        ? apply(new Linear(), this, weight)
        : apply(new Linear(), this, weight, bias);
  }

  /** Cross-correlation of [N, H, W, C] with weight [O, kH, kW, C / groups], bias [O] or null. */
  public Tensor conv2d(
      Tensor weight, @Nullable Tensor bias, Stride stride, Padding padding, int groups) {
    Conv2d op = new Conv2d(stride, padding, groups);
    return bias == null ? apply(op, this, weight) : apply(op, this, weight, bias);
  }

  /**
   * softmax(scale · q kᵀ) v per head; this is q [B, N, heads·d], k and v are [B, M, heads·d]. The
   * N×M matrix is never stored.
   */
  public Tensor attention(Tensor k, Tensor v, int heads, double scale, boolean causal) {
    return apply(new Attention(heads, scale, causal), this, k, v);
  }

  // --- order ---

  /** The same elements in another shape of the same size; one size may be -1. */
  public Tensor reshape(int... dims) {
    return apply(new Reshape(Reshape.resolve(shape, dims)), this);
  }

  /** Axes in another order. */
  public Tensor permute(int... order) {
    return apply(new Permute(Arrays.stream(order).map(shape::axis).boxed().toList()), this);
  }

  /** Two axes exchanged. */
  public Tensor transpose(int a, int b) {
    int[] order = IntStream.range(0, shape.rank()).toArray();
    order[shape.axis(a)] = shape.axis(b);
    order[shape.axis(b)] = shape.axis(a);
    return permute(order);
  }

  /** Repeated along axes of size 1, and along new leading axes, to this shape. */
  public Tensor expand(int... dims) {
    return apply(new Expand(Shape.of(dims)), this);
  }

  /** Elements {@code from} (inclusive) to {@code to} (exclusive) along an axis. */
  public Tensor slice(int axis, int from, int to) {
    return apply(new Slice(shape.axis(axis), from, to), this);
  }

  /** The parts side by side along an axis. */
  public static Tensor concat(int axis, Tensor... parts) {
    return apply(new Concat(parts[0].shape.axis(axis)), parts);
  }

  /** {@code value} added around: before[i] and after[i] elements along axis i. */
  public Tensor pad(List<Integer> before, List<Integer> after, double value) {
    return apply(new Pad(before, after, value), this);
  }

  /** Rows of this table [K, D]: index of shape {@code indexShape} to [indexShape..., D]. */
  public Tensor gather(int[] index, Shape indexShape) {
    return apply(new Embedding(index, indexShape), this);
  }

  // --- images [N, H, W, C] ---

  /** Resized to height × width; see {@link Resize}. */
  public Tensor resize(Resize.Mode mode, int height, int width, boolean alignCorners) {
    return apply(new Resize(mode, height, width, alignCorners), this);
  }

  /** Means of kernel × kernel windows; incomplete ones are dropped. */
  public Tensor avgPool2d(int kernel, int stride) {
    return apply(new AvgPool2d(kernel, stride), this);
  }

  /** Maxima of kernel × kernel windows. */
  public Tensor maxPool2d(int kernel, int stride, int padding) {
    return apply(new MaxPool2d(kernel, stride, padding), this);
  }

  // --- softmax, norms, losses ---

  /** exp(x) / sum exp(x) along an axis. */
  public Tensor softmax(int axis) {
    return apply(new Softmax(shape.axis(axis)), this);
  }

  /** x - ln sum exp(x) along an axis. */
  public Tensor logSoftmax(int axis) {
    return apply(new LogSoftmax(shape.axis(axis)), this);
  }

  /** Group normalisation of [N, ..., C]; SiLU after it if {@code silu}. */
  public Tensor groupNorm(int groups, Tensor weight, Tensor bias, double eps, boolean silu) {
    return apply(new GroupNorm(groups, eps, silu), this, weight, bias);
  }

  /** Layer normalisation over the last axis. */
  public Tensor layerNorm(Tensor weight, Tensor bias, double eps) {
    return apply(new LayerNorm(eps), this, weight, bias);
  }

  /** Batch normalisation of [N, ..., C] with given statistics; all others are [C]. */
  public Tensor batchNorm(Tensor mean, Tensor variance, Tensor weight, Tensor bias, double eps) {
    return apply(new BatchNorm(eps), this, mean, variance, weight, bias);
  }

  /** a · gelu(g) for the last axis' halves [a, g]. */
  public Tensor geglu() {
    return apply(new Geglu(), this);
  }

  /**
   * Each element kept with probability 1 - p and divided by it, by a mask that follows the seed.
   */
  public Tensor dropout(double p, long seed) {
    return apply(new Dropout(p, seed), this);
  }

  /** Mean of (this - target)² over all elements. */
  public Tensor meanSquaredError(Tensor target) {
    return apply(new MeanSquaredError(), this, target);
  }

  /** Mean over rows of -logSoftmax at the label; this is [rows, classes]. */
  public Tensor crossEntropy(int... labels) {
    return apply(new CrossEntropy(labels), this);
  }

  @Override
  public String toString() {
    return "Tensor" + shape + " " + dtype() + " on " + backend.name();
  }
}
