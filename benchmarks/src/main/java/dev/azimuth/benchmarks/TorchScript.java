package dev.azimuth.benchmarks;

import dev.azimuth.tensor.Buffer;
import dev.azimuth.tensor.Conv2dGeometry;
import dev.azimuth.tensor.Kernel;
import dev.azimuth.tensor.Reduction;
import dev.azimuth.tensor.Shape;
import dev.azimuth.tensor.Taps;
import dev.azimuth.tensor.Tensor;
import java.util.Arrays;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collector;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * A traced computation as TorchScript: an operator of ATen for each kernel, attention as
 * scaled_dot_product_attention. Values have our axes, [N, H, W, C]; how images lie in memory is the
 * layout's matter, and a permutation of axes costs nothing.
 *
 * <p>The text is in the dialect of serialized modules, where {@code torch} means ATen.
 */
final class TorchScript {
  private final ImageLayout layout;
  private final StringBuilder text = new StringBuilder();
  private final Map<Buffer, Value> values = new IdentityHashMap<>();
  private final Map<Buffer, StringBuilder> unfinished = new IdentityHashMap<>();
  private int count;

  /** How images and kernels of convolutions lie in memory; which is faster depends on the sizes. */
  enum ImageLayout {
    CHANNELS_FIRST,
    CHANNELS_LAST
  }

  /** A variable and the shape it has in the script. */
  private record Value(String name, Shape shape) {}

  private TorchScript(ImageLayout layout) {
    this.layout = layout;
  }

  /**
   * Statements that compute the variable {@code y} from the list {@code w} of operands and
   * constants.
   *
   * @throws IllegalArgumentException if a kernel has no counterpart here
   */
  static String of(Traced traced, ImageLayout layout) {
    TorchScript script = new TorchScript(layout);
    traced.operands().values().forEach(script::operand);
    traced.constants().forEach(constant -> script.operand(constant.tensor()));
    traced.kernels().forEach(script::emit);
    script.line("y", script.read(traced.result()));
    return script.text.toString();
  }

  private void operand(Tensor tensor) {
    values.put(tensor.buffer(), new Value("w[" + values.size() + "]", tensor.shape()));
  }

  private void line(String name, String expression) {
    text.append(name).append(" = ").append(expression).append('\n');
  }

  private String variable(String expression) {
    String name = "v" + count++;
    line(name, expression);
    return name;
  }

  private void write(Tensor tensor, Shape shape, String expression) {
    values.put(tensor.buffer(), new Value(variable(expression), shape));
  }

  private void write(Tensor tensor, String expression) {
    write(tensor, tensor.shape(), expression);
  }

  private Value value(Tensor tensor) {
    Value value = values.get(tensor.buffer());
    if (value == null) {
      throw new IllegalArgumentException("libtorch: nothing computes " + tensor);
    }
    return value;
  }

  private String read(Tensor tensor) {
    Value value = value(tensor);
    if (value.shape.equals(tensor.shape())) {
      return value.name;
    }
    String reshaped = "torch.reshape(%s, %s)".formatted(value.name, list(tensor.shape()));
    // the reference too makes tokens of images contiguous
    return value.shape.rank() == 4 ? "torch.contiguous(" + reshaped + ")" : reshaped;
  }

  private static String list(Shape shape) {
    // an empty list would be one of tensors
    return shape.rank() == 0 ? "annotate(List[int], [])" : Arrays.toString(shape.toArray());
  }

  private String orNone(@Nullable Tensor tensor) {
    return tensor == null ? "None" : read(tensor);
  }

  private void emit(Kernel kernel) {
    switch (kernel) {
      case Kernel.Matmul k -> matmul(k);
      case Kernel.Conv2d k -> convolution(k);
      case Kernel.Resample k -> upsampling(k);
      case Kernel.GroupNorm k -> groupNorm(k);
      case Kernel.LayerNorm k -> layerNorm(k);
      case Kernel.Attention k -> attention(k);
      case Kernel.Geglu k -> geglu(k);
      case Kernel.Unary k -> unary(k);
      case Kernel.Affine k ->
          write(
              k.y(),
              "torch.add(torch.mul(%s, %s), %s)".formatted(read(k.x()), k.scale(), k.shift()));
      case Kernel.Binary k -> binary(k);
      case Kernel.Reduce k -> reduce(k);
      case Kernel.Fill k ->
          write(k.y(), "torch.full(%s, %s)".formatted(list(k.y().shape()), k.value()));
      case Kernel.Copy k -> copy(k);
      default -> throw unsupported(kernel);
    }
  }

  private static IllegalArgumentException unsupported(Kernel kernel) {
    return new IllegalArgumentException("libtorch: no counterpart of " + kernel);
  }

  // --- products ---

  private void matmul(Kernel.Matmul k) {
    boolean isLinear = k.aOffsets().length == 1 && !k.transposeA() && k.transposeB();
    if (isLinear) {
      write(
          k.y(), "torch.linear(%s, %s, %s)".formatted(read(k.a()), read(k.b()), orNone(k.bias())));
      return;
    }
    if (k.bias() != null) {
      throw unsupported(k);
    }
    String a = k.transposeA() ? "torch.transpose(" + read(k.a()) + ", -2, -1)" : read(k.a());
    String b = k.transposeB() ? "torch.transpose(" + read(k.b()) + ", -2, -1)" : read(k.b());
    write(k.y(), "torch.matmul(%s, %s)".formatted(a, b));
  }

  /** [N, H, W, C] as ATen takes it, [N, C, H, W]. */
  private String image(String name) {
    String permuted = "torch.permute(" + name + ", [0, 3, 1, 2])";
    return layout == ImageLayout.CHANNELS_FIRST ? "torch.contiguous(" + permuted + ")" : permuted;
  }

  private static String channelsLast(String image) {
    return "torch.permute(" + image + ", [0, 2, 3, 1])";
  }

  private void convolution(Kernel.Conv2d k) {
    Conv2dGeometry g = k.geometry();
    Conv2dGeometry.Padding p = g.padding();
    String x = image(read(k.x()));
    String padding = "[%d, %d]".formatted(p.top(), p.left());
    if (p.top() != p.bottom() || p.left() != p.right()) {
      x =
          "torch.constant_pad_nd(%s, [%d, %d, %d, %d], 0)"
              .formatted(x, p.left(), p.right(), p.top(), p.bottom());
      padding = "[0, 0]";
    }
    String weight = "torch.permute(" + read(k.weight()) + ", [0, 3, 1, 2])";
    String y =
        "torch.conv2d(%s, %s, %s, [%d, %d], %s, [1, 1], %d)"
            .formatted(
                variable(x),
                weight,
                orNone(k.bias()),
                g.stride().vertical(),
                g.stride().horizontal(),
                padding,
                g.groups());
    write(k.y(), channelsLast(y));
  }

  private void upsampling(Kernel.Resample k) {
    if (!isNearest(k.rows()) || !isNearest(k.columns())) {
      throw unsupported(k);
    }
    String y =
        "torch.upsample_nearest2d(%s, [%d, %d], None, None)"
            .formatted(image(read(k.x())), k.rows().outputs(), k.columns().outputs());
    write(k.y(), channelsLast(y));
  }

  private static boolean isNearest(Taps taps) {
    return IntStream.range(0, taps.outputs())
        .allMatch(
            i ->
                taps.start(i) == i
                    && taps.start(i + 1) == i + 1
                    && taps.weight(i) == 1
                    && taps.index(i) == (long) i * taps.inputs() / taps.outputs());
  }

  private void attention(Kernel.Attention k) {
    String y =
        "torch.scaled_dot_product_attention(%s, %s, %s, None, 0., %s, scale=%s)"
            .formatted(
                heads(k.q(), k.heads()),
                heads(k.k(), k.heads()),
                heads(k.v(), k.heads()),
                k.causal() ? "True" : "False",
                k.scale());
    write(
        k.y(),
        "torch.reshape(torch.transpose(%s, 1, 2), %s)".formatted(variable(y), list(k.y().shape())));
  }

  /** [B, N, heads·d] as [B, heads, N, d]. */
  private String heads(Tensor x, int heads) {
    Shape s = x.shape();
    Shape split = Shape.of(s.dim(0), s.dim(1), heads, s.dim(2) / heads);
    return variable("torch.transpose(torch.reshape(%s, %s), 1, 2)".formatted(read(x), list(split)));
  }

  // --- norms and functions of elements ---

  private void groupNorm(Kernel.GroupNorm k) {
    Value x = value(k.x());
    // x as [N, C, S] would be copied: the image it is a view of isn't
    Shape shape = x.shape;
    String name = x.name;
    if (shape.rank() != 4) {
      Shape s = k.x().shape();
      shape = Shape.of(s.dim(0), s.dim(1), 1, s.dim(2));
      name = variable("torch.reshape(%s, %s)".formatted(x.name, list(shape)));
    }
    String y =
        "torch.group_norm(%s, %d, %s, %s, %s)"
            .formatted(image(name), k.groups(), read(k.weight()), read(k.bias()), k.eps());
    write(k.y(), shape, channelsLast(k.silu() ? "torch.silu(" + y + ")" : y));
  }

  private void layerNorm(Kernel.LayerNorm k) {
    Value x = value(k.x());
    write(
        k.y(),
        x.shape,
        "torch.layer_norm(%s, [%d], %s, %s, %s)"
            .formatted(x.name, x.shape.dim(-1), read(k.weight()), read(k.bias()), k.eps()));
  }

  private void geglu(Kernel.Geglu k) {
    int width = k.y().shape().dim(-1);
    String x = variable(read(k.x()));
    write(
        k.y(),
        "torch.mul(torch.slice(%s, -1, 0, %d), torch.gelu(torch.slice(%s, -1, %d, %d)))"
            .formatted(x, width, x, width, 2 * width));
  }

  private void unary(Kernel.Unary k) {
    String x = read(k.x());
    String y =
        switch (k.function()) {
          case SILU -> "torch.silu(" + x + ")";
          case GELU -> "torch.gelu(" + x + ")";
          case QUICK_GELU ->
              "torch.mul(%s, torch.sigmoid(torch.mul(%s, %s)))".formatted(x, x, 1.702);
          case SQUARE -> "torch.square(" + x + ")";
          default -> throw unsupported(k);
        };
    write(k.y(), y);
  }

  private void binary(Kernel.Binary k) {
    String name =
        switch (k.function()) {
          case ADD -> "add";
          case SUBTRACT -> "sub";
          case MULTIPLY -> "mul";
          case DIVIDE -> "div";
          default -> throw unsupported(k);
        };
    write(k.y(), "torch.%s(%s, %s)".formatted(name, read(k.a()), read(k.b())));
  }

  private void reduce(Kernel.Reduce k) {
    if (k.reduction() == Reduction.MAX) {
      throw unsupported(k);
    }
    Shape seen = Shape.of(k.outer(), k.reduced(), k.inner());
    String x = "torch.reshape(%s, %s)".formatted(value(k.x()).name, list(seen));
    String name = k.reduction() == Reduction.SUM ? "sum" : "mean";
    write(k.y(), "torch.reshape(torch.%s(%s, [1]), %s)".formatted(name, x, list(k.y().shape())));
  }

  // --- copies: slices, parts of a concatenation, expansions ---

  private void copy(Kernel.Copy k) {
    Shape x = k.x().shape();
    Shape y = k.y().shape();
    if (Arrays.stream(k.xStrides()).anyMatch(stride -> stride == 0) && x.rank() == y.rank()) {
      write(k.y(), "torch.expand(%s, %s)".formatted(read(k.x()), list(y)));
      return;
    }
    int copied = Arrays.stream(k.sizes()).reduce(1, (a, b) -> a * b);
    List<Integer> differing =
        x.rank() != y.rank()
            ? List.of()
            : IntStream.range(0, x.rank()).filter(i -> x.dim(i) != y.dim(i)).boxed().toList();
    if (k.sizes().length != 2 || differing.size() != 1) {
      throw unsupported(k);
    }
    int axis = differing.get(0);
    int inner = x.product(axis + 1, x.rank());
    if (copied == y.size()) {
      int from = k.xOffset() / inner;
      write(
          k.y(),
          "torch.slice(%s, %d, %d, %d)".formatted(read(k.x()), axis, from, from + y.dim(axis)));
    } else if (copied == x.size()) {
      part(k, axis, inner);
    } else {
      throw unsupported(k);
    }
  }

  /** One part of a concatenation, whose parts come in order. */
  private void part(Kernel.Copy k, int axis, int inner) {
    // ATen looks at the layout of images to choose the result's
    boolean isOfImages = k.y().shape().rank() == 4 && axis == 3;
    String x = isOfImages ? image(read(k.x())) : read(k.x());
    StringBuilder parts = unfinished.computeIfAbsent(k.y().buffer(), _ -> new StringBuilder());
    parts.append(parts.isEmpty() ? "" : ", ").append(variable(x));
    int end = k.yOffset() / inner + k.x().shape().dim(axis);
    if (end == k.y().shape().dim(axis)) {
      unfinished.remove(k.y().buffer());
      String y = "torch.cat([%s], %d)".formatted(parts, isOfImages ? 1 : axis);
      write(k.y(), isOfImages ? channelsLast(y) : y);
    }
  }

  // --- whole functions ---

  /** A function from the operands to [y]. */
  static String forwardFunction(String body) {
    return function("w: List[Tensor]", body + "return [y]\n");
  }

  /** A function from operands, of which the first are differentiated in, and dy: [y, gradients]. */
  static String backwardFunction(String body, int operands) {
    return function("w: List[Tensor]", body + gradients(operands) + returning(operands));
  }

  private static String gradients(int operands) {
    String in = IntStream.range(0, operands).mapToObj(i -> "w[" + i + "]").collect(commas());
    return "g = torch.grad([y], [%s], annotate(List[Optional[Tensor]], [w[-1]]))\n".formatted(in);
  }

  private static String gradient(int i) {
    return "unchecked_cast(Tensor, g[" + i + "])";
  }

  private static String returning(int operands) {
    String all = IntStream.range(0, operands).mapToObj(TorchScript::gradient).collect(commas());
    return "return [y, " + all + "]\n";
  }

  /**
   * A function that takes a step of AdamW in place, by ATen's fused kernel over all operands at
   * once: {@code w} as for gradients, then both moments and the counts of steps.
   */
  static String trainingFunction(String body, int operands, AdamWNumbers numbers) {
    String parameters =
        IntStream.range(0, operands).mapToObj(i -> "torch.detach(w[" + i + "])").collect(commas());
    String all = IntStream.range(0, operands).mapToObj(TorchScript::gradient).collect(commas());
    String step =
        """
        torch._foreach_add_(t, 1)
        torch._fused_adamw_([%s], [%s], m, v, annotate(List[Tensor], []), t, lr=%s, beta1=%s, beta2=%s, weight_decay=%s, eps=%s, amsgrad=False, maximize=False)
        return [y]
        """
            .formatted(
                parameters,
                all,
                numbers.learningRate,
                numbers.beta1,
                numbers.beta2,
                numbers.weightDecay,
                numbers.eps);
    return function(
        "w: List[Tensor], m: List[Tensor], v: List[Tensor], t: List[Tensor]",
        body + gradients(operands) + step);
  }

  /** The numbers of AdamW. */
  record AdamWNumbers(
      double learningRate, double beta1, double beta2, double eps, double weightDecay) {}

  /** A function that lays tensors out: images and kernels as told, all else contiguous. */
  static String layoutFunction(ImageLayout layout) {
    String x =
        layout == ImageLayout.CHANNELS_FIRST
            ? channelsLast("torch.clone(torch.contiguous(torch.permute(w[0], [0, 3, 1, 2])))")
            : "torch.clone(w[0])";
    return function("w: List[Tensor]", "return [" + x + "]\n");
  }

  /** A function that gives contiguous tensors, as they are read back. */
  static String contiguousFunction() {
    return function("w: List[Tensor]", "return [torch.contiguous(w[0])]\n");
  }

  private static String function(String arguments, String body) {
    String indented = body.lines().collect(Collectors.joining("\n    ", "    ", "\n"));
    return "  def forward(self: __torch__.Peer, " + arguments + ") -> List[Tensor]:\n" + indented;
  }

  private static Collector<CharSequence, ?, String> commas() {
    return Collectors.joining(", ");
  }
}
