package dev.azimuth.app.replay;

import dev.azimuth.tensor.BinaryFunction;
import dev.azimuth.tensor.Conv2dGeometry.Padding;
import dev.azimuth.tensor.Conv2dGeometry.Stride;
import dev.azimuth.tensor.Shape;
import dev.azimuth.tensor.Tensor;
import dev.azimuth.tensor.op.Resize;
import dev.azimuth.tensor.random.TorchRandom;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/** The kinds that are one operation. Published images are [N, C, H, W]. */
final class OpKinds {
  private OpKinds() {}

  static Map<String, Tensor> randn(Replay r) {
    Map<String, Tensor> outputs = new LinkedHashMap<>();
    ReplayConfig shapes = r.config().object("shapes");
    for (String name : shapes.json().members().keySet()) {
      Shape shape = Shape.of(shapes.integers(name));
      float[] draws = new TorchRandom(r.config().seed("seed")).randn(shape.size());
      outputs.put(name, Tensor.of(r.backend(), shape, draws));
    }
    return outputs;
  }

  static Map<String, Tensor> linear(Replay r) {
    return y(r.input("x").linear(r.weight("weight"), bias(r)));
  }

  static Map<String, Tensor> conv2d(Replay r) {
    int[] stride = r.config().integers("stride");
    int[] both = r.config().integers("padding");
    int[] pad = r.config().integers("pad"); // left, right, top, bottom
    Padding padding =
        new Padding(pad[2] + both[0], pad[3] + both[0], pad[0] + both[1], pad[1] + both[1]);
    Tensor x = toChannelsLast(r.input("x"));
    Tensor weight = toChannelsLast(r.weight("weight"));
    Tensor y = x.conv2d(weight, bias(r), new Stride(stride[0], stride[1]), padding, 1);
    return y(toChannelsFirst(y));
  }

  private static @Nullable Tensor bias(Replay r) {
    return r.config().flag("bias") ? r.weight("bias") : null;
  }

  static Map<String, Tensor> groupNorm(Replay r) {
    Tensor y =
        toChannelsLast(r.input("x"))
            .groupNorm(
                r.config().integer("num_groups"),
                r.weight("weight"),
                r.weight("bias"),
                r.config().number("eps"),
                false);
    return y(toChannelsFirst(y));
  }

  static Map<String, Tensor> layerNorm(Replay r) {
    if (r.config().integers("normalized_shape").length != 1) {
      throw new IllegalArgumentException("layer_norm: normalizes the last axis only");
    }
    double eps = r.config().number("eps");
    return y(r.input("x").layerNorm(r.weight("weight"), r.weight("bias"), eps));
  }

  static Map<String, Tensor> silu(Replay r) {
    return y(r.input("x").silu());
  }

  static Map<String, Tensor> gelu(Replay r) {
    return y(r.input("x").gelu());
  }

  static Map<String, Tensor> quickGelu(Replay r) {
    return y(r.input("x").quickGelu());
  }

  static Map<String, Tensor> softmax(Replay r) {
    return y(r.input("x").softmax(r.config().integer("dim")));
  }

  /** The value by the fused operation; the softmax, which that never stores, written out. */
  static Map<String, Tensor> scaledDotProductAttention(Replay r) {
    Tensor q = r.input("q");
    Tensor k = r.input("k");
    int heads = q.shape().dim(1);
    double scale = 1 / Math.sqrt(q.shape().dim(3));
    boolean causal = r.config().flag("causal");
    Tensor tokens =
        toTokens(q).attention(toTokens(k), toTokens(r.input("v")), heads, scale, causal);
    Tensor out =
        tokens.reshape(q.shape().dim(0), q.shape().dim(2), heads, q.shape().dim(3)).transpose(1, 2);
    Tensor scores = q.detached().matmul(k.detached(), false, true).mul(scale);
    Tensor attn = (causal ? hideLaterKeys(scores) : scores).softmax(-1);
    return Map.of("out", out, "attn", attn);
  }

  /** [B, heads, N, d] to [B, N, heads·d]. */
  private static Tensor toTokens(Tensor x) {
    int width = x.shape().dim(1) * x.shape().dim(3);
    return x.transpose(1, 2).reshape(x.shape().dim(0), x.shape().dim(2), width);
  }

  private static Tensor hideLaterKeys(Tensor scores) {
    int queries = scores.shape().dim(2);
    int keys = scores.shape().dim(3);
    Tensor query = count(scores, queries).reshape(queries, 1);
    Tensor hidden = count(scores, keys).compare(BinaryFunction.GREATER, query);
    Tensor never =
        Tensor.full(scores.backend(), scores.dtype(), Shape.of(), Double.NEGATIVE_INFINITY);
    return never.where(hidden, scores);
  }

  private static Tensor count(Tensor like, int size) {
    double[] numbers = IntStream.range(0, size).asDoubleStream().toArray();
    return Tensor.of(like.backend(), like.dtype(), Shape.of(size), numbers);
  }

  static Map<String, Tensor> upsampleNearest(Replay r) {
    Tensor x = toChannelsLast(r.input("x"));
    int factor = r.config().integer("scale_factor");
    int height = factor * x.shape().dim(1);
    int width = factor * x.shape().dim(2);
    return y(toChannelsFirst(x.resize(Resize.Mode.NEAREST, height, width, false)));
  }

  static Map<String, Tensor> avgPool2d(Replay r) {
    int kernel = r.config().integer("kernel_size");
    int stride = r.config().integer("stride");
    return y(toChannelsFirst(toChannelsLast(r.input("x")).avgPool2d(kernel, stride)));
  }

  static Map<String, Tensor> embedding(Replay r) {
    return y(r.weight("weight").gather(r.integers("index"), r.inputShape("index")));
  }

  /** A vector is a row at the left, a column at the right, as in {@code torch.matmul}. */
  static Map<String, Tensor> matmul(Replay r) {
    Tensor a = r.input("a");
    Tensor b = r.input("b");
    boolean isRow = a.shape().rank() == 1;
    boolean isColumn = b.shape().rank() == 1;
    Tensor y = (isRow ? a.reshape(1, -1) : a).matmul(isColumn ? b.reshape(-1, 1) : b);
    IntStream.Builder kept = IntStream.builder();
    int[] dims = y.shape().toArray();
    for (int axis = 0; axis < dims.length; axis++) {
      boolean isAdded = (isRow && axis == dims.length - 2) || (isColumn && axis == dims.length - 1);
      if (!isAdded) {
        kept.add(dims[axis]);
      }
    }
    return y(y.reshape(kept.build().toArray()));
  }

  private static Map<String, Tensor> y(Tensor y) {
    return Map.of("y", y);
  }

  /** [N, C, ...] to [N, ..., C]; a weight's [O, I, ...] to [O, ..., I]. */
  static Tensor toChannelsLast(Tensor x) {
    int rank = x.shape().rank();
    return x.permute(
        IntStream.range(0, rank).map(i -> i == 0 ? 0 : i == rank - 1 ? 1 : i + 1).toArray());
  }

  /** [N, ..., C] to [N, C, ...]. */
  static Tensor toChannelsFirst(Tensor x) {
    int rank = x.shape().rank();
    return x.permute(
        IntStream.range(0, rank).map(i -> i == 0 ? 0 : i == 1 ? rank - 1 : i - 1).toArray());
  }
}
