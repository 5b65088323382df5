package dev.azimuth.tensor.op;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.params.provider.Arguments.argumentSet;

import dev.azimuth.tensor.BinaryFunction;
import dev.azimuth.tensor.Conv2dGeometry.Padding;
import dev.azimuth.tensor.Conv2dGeometry.Stride;
import dev.azimuth.tensor.DType;
import dev.azimuth.tensor.Reduction;
import dev.azimuth.tensor.Shape;
import dev.azimuth.tensor.ShapeException;
import dev.azimuth.tensor.Tensor;
import dev.azimuth.tensor.UnaryFunction;
import dev.azimuth.tensor.cpu.CpuBackend;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Operands that don't fit: op, rule with its numbers, and every operand's shape. */
class ShapeErrorsTest extends OpTensors {
  private static final Conv2d CONV = new Conv2d(Stride.of(1), Padding.of(0), 1);
  private static final Conv2d GROUPED = new Conv2d(Stride.of(1), Padding.of(0), 2);
  private static final Attention ATTENTION = new Attention(2, 1, false);
  private static final GroupNorm GROUP_NORM = new GroupNorm(4, 1e-5, false);

  private static Arguments refused(Op<?> op, String name, String rule, Shape... shapes) {
    String title = name + ": " + rule;
    return argumentSet(title, op, name, rule, List.of(shapes));
  }

  private static Shape s(int... dims) {
    return Shape.of(dims);
  }

  static Stream<Arguments> products() {
    return Stream.of(
        refused(
            new Matmul(false, false),
            "matmul",
            "inner sizes must agree, 768 != 640",
            s(2, 77, 768),
            s(640, 320)),
        refused(
            new Matmul(true, false), "matmul", "inner sizes must agree, 3 != 5", s(3, 5), s(5, 2)),
        refused(new Matmul(false, false), "matmul", "a must have rank 2 or more", s(3), s(3, 2)),
        refused(new Matmul(false, false), "matmul", "b must have rank 2 or more", s(3, 2), s(2)),
        refused(new Linear(), "linear", "inner sizes must agree, 7 != 8", s(5, 7), s(4, 8)),
        refused(new Linear(), "linear", "x must have an axis", s(), s(4, 8)),
        refused(new Linear(), "linear", "weight must be [out, in], not of rank 1", s(5, 7), s(7)),
        refused(
            new Linear(),
            "linear",
            "bias must have the weight's out size, 5 != 4",
            s(5, 7),
            s(4, 7),
            s(5)),
        refused(new Linear(), "linear", "bias must be [out]", s(5, 7), s(4, 7), s(1, 4)),
        refused(
            CONV,
            "conv2d",
            "weight must have C / groups channels, 2 != 3",
            s(1, 4, 4, 3),
            s(5, 3, 3, 2)),
        refused(
            GROUPED,
            "conv2d",
            "groups must divide channels, 2 of 3 and 4",
            s(1, 4, 4, 3),
            s(4, 1, 1, 3)),
        refused(
            CONV,
            "conv2d",
            "the kernel's rows must fit padded x, 3 of 2",
            s(1, 2, 4, 1),
            s(1, 3, 3, 1)),
        refused(
            CONV,
            "conv2d",
            "the kernel's columns must fit padded x, 3 of 1",
            s(1, 4, 1, 1),
            s(1, 3, 3, 1)),
        refused(CONV, "conv2d", "x must be [N, H, W, C], not of rank 3", s(4, 4, 1), s(1, 3, 3, 1)),
        refused(
            CONV,
            "conv2d",
            "bias must have the weight's O, 2 != 1",
            s(1, 4, 4, 1),
            s(1, 3, 3, 1),
            s(2)),
        refused(
            ATTENTION,
            "attention",
            "k and v must have one length, 5 != 4",
            s(2, 3, 4),
            s(2, 5, 4),
            s(2, 4, 4)),
        refused(
            ATTENTION,
            "attention",
            "q and k must have one batch size, 2 != 1",
            s(2, 3, 4),
            s(1, 5, 4),
            s(1, 5, 4)),
        refused(
            ATTENTION,
            "attention",
            "q and k must have one width, 4 != 6",
            s(2, 3, 4),
            s(2, 5, 6),
            s(2, 5, 6)),
        refused(
            ATTENTION,
            "attention",
            "heads must divide the width, 2 of 5",
            s(2, 3, 5),
            s(2, 5, 5),
            s(2, 5, 5)),
        refused(ATTENTION, "attention", "there must be a key", s(2, 3, 4), s(2, 0, 4), s(2, 0, 4)));
  }

  static Stream<Arguments> elementwiseAndNorms() {
    return Stream.of(
        refused(
            new Arithmetic(BinaryFunction.ADD),
            "add",
            "sizes must be equal or 1 along each axis, 3 != 4",
            s(2, 3),
            s(4)),
        refused(
            new Arithmetic(BinaryFunction.LESS),
            "compare",
            "sizes must be equal or 1 along each axis, 3 != 2",
            s(3, 1),
            s(2, 4)),
        refused(
            new Where(),
            "where",
            "sizes must be equal or 1 along each axis, 4 != 5",
            s(2, 1),
            s(4),
            s(3, 1, 5)),
        refused(
            new MeanSquaredError(),
            "mean_squared_error",
            "shapes must be equal, [3, 1] != [3]",
            s(3, 1),
            s(3)),
        refused(new MeanSquaredError(), "mean_squared_error", "needs an element", s(0), s(0)),
        refused(
            GROUP_NORM,
            "group_norm",
            "groups must divide channels, 4 of 6",
            s(1, 2, 6),
            s(6),
            s(6)),
        refused(
            GROUP_NORM,
            "group_norm",
            "operand 2 must have a value per channel, 4 != 8",
            s(1, 2, 8),
            s(8),
            s(4)),
        refused(GROUP_NORM, "group_norm", "x must be [N, ..., C]", s(8), s(8), s(8)),
        refused(
            new LayerNorm(1e-5),
            "layer_norm",
            "operand 1 must have a value per channel, 3 != 4",
            s(2, 4),
            s(3),
            s(4)),
        refused(
            new LayerNorm(1e-5),
            "layer_norm",
            "operand 2 must have a value per channel, not rank 2",
            s(2, 4),
            s(4),
            s(1, 4)),
        refused(
            new BatchNorm(1e-5),
            "batch_norm",
            "operand 4 must have a value per channel, 1 != 4",
            s(2, 4),
            s(4),
            s(4),
            s(4),
            s(1)),
        refused(new Geglu(), "geglu", "the last axis must have halves, 5 is odd", s(2, 5)),
        refused(new Softmax(-1), "softmax", "needs an element along axis -1", s(2, 0)),
        refused(new LogSoftmax(0), "log_softmax", "needs an element along axis 0", s(0, 2)),
        refused(
            new CrossEntropy(new int[] {0, 1}),
            "cross_entropy",
            "each row needs its label, 2 != 3",
            s(3, 4)),
        refused(new CrossEntropy(new int[0]), "cross_entropy", "needs a row", s(0, 4)));
  }

  static Stream<Arguments> orders() {
    List<Integer> one = List.of(1);
    return Stream.of(
        refused(new Reshape(s(2, 4)), "reshape", "elements must be as many, 6 != 8", s(2, 3)),
        refused(
            new Permute(List.of(0, 1)),
            "permute",
            "the order must name each axis once, 2 != 3",
            s(1, 2, 3)),
        refused(
            new Permute(List.of(0, -2)), "permute", "axis -2 is given twice in [0, -2]", s(2, 3)),
        refused(
            new Expand(s(2, 4)),
            "expand",
            "only size 1 can be repeated, not 3 to 4 for [2, 4]",
            s(2, 3)),
        refused(new Expand(s(3)), "expand", "axes can't disappear, to [3]", s(1, 3)),
        refused(
            new Slice(1, 2, 4),
            "slice",
            "must lie within the axis, 2 to 4 of 3 along axis 1",
            s(2, 3)),
        refused(
            new Slice(0, 2, 1),
            "slice",
            "must lie within the axis, 2 to 1 of 2 along axis 0",
            s(2, 3)),
        refused(
            new Pad(one, one, 0), "pad", "before must have a size for each axis, 1 != 2", s(2, 3)),
        refused(new Concat(0), "concat", "sizes along axis 1 must agree, 4 != 3", s(2, 3), s(2, 4)),
        refused(new Concat(0), "concat", "ranks must agree, 1 != 2", s(2, 3), s(3)),
        refused(
            new Reduce(Reduction.SUM, List.of(2), false), "reduce", "no axis 2 among 2", s(2, 3)),
        refused(
            new Reduce(Reduction.SUM, List.of(0, -2), false),
            "reduce",
            "axis -2 is given twice in [0, -2]",
            s(2, 3)),
        refused(
            new Reduce(Reduction.MAX, List.of(1), false),
            "reduce",
            "a MAX needs an element, none along axes [1]",
            s(2, 0)),
        refused(
            new Variance(List.of(1), 1, false),
            "variance",
            "needs more elements than the correction, 1 <= 1",
            s(2, 1)),
        refused(
            new Resize(Resize.Mode.NEAREST, 2, 2, false),
            "resize",
            "x must have rank 4, not 3",
            s(2, 3, 1)),
        refused(
            new Resize(Resize.Mode.NEAREST, 2, 2, false),
            "resize",
            "x has no pixels",
            s(1, 0, 3, 1)),
        refused(new AvgPool2d(3, 1), "avg_pool2d", "a window must fit x, 3 > 2", s(1, 2, 5, 1)),
        refused(
            new MaxPool2d(3, 1, 0),
            "max_pool2d",
            "a window must fit padded x, 3 > 2",
            s(1, 5, 2, 1)),
        refused(
            new Embedding(new int[] {0}, s(1)),
            "embedding",
            "the table must have rank 2, not 1",
            s(3)));
  }

  @ParameterizedTest
  @MethodSource({"products", "elementwiseAndNorms", "orders"})
  void shapesThatDontFitAreNamed(Op<?> op, String name, String rule, List<Shape> shapes) {
    Tensor[] inputs =
        shapes.stream()
            .map(shape -> Tensor.zeros(cpu, DType.FLOAT64, shape))
            .toArray(Tensor[]::new);
    ShapeException e = assertThrows(ShapeException.class, () -> Tensor.apply(op, inputs));
    assertEquals(name, e.op());
    assertEquals(rule, e.rule());
    assertEquals(shapes, e.shapes());
    assertTrue(e.getMessage().startsWith(name + ": " + rule + "; got " + shapes.get(0)));
  }

  @Test
  void batchesThatDontBroadcastAreNamed() {
    ShapeException e =
        assertThrows(ShapeException.class, () -> random(1, 2, 3, 4).matmul(random(2, 3, 4, 5)));
    assertEquals("matmul", e.op());
    assertEquals("sizes must be equal or 1 along each axis, 2 != 3", e.rule());
    assertEquals(List.of(s(2, 3, 4), s(3, 4, 5)), e.shapes());
  }

  static List<Executable> impossibleOps() {
    return List.of(
        () -> new Clamp(1, 0),
        () -> new Clamp(Double.NaN, 0),
        () -> new Variance(List.of(0), -1, false),
        () -> new Pad(List.of(-1), List.of(0), 0),
        () -> new Resize(Resize.Mode.BILINEAR, 0, 3, false),
        () -> new Resize(Resize.Mode.NEAREST, 3, 3, true),
        () -> new AvgPool2d(0, 1),
        () -> new AvgPool2d(1, 0),
        () -> new MaxPool2d(2, 0, 0),
        () -> new MaxPool2d(2, 1, 2),
        () -> new Dropout(1.5, 0),
        () -> new Dropout(Double.NaN, 0),
        () -> new Embedding(new int[3], Shape.of(2)),
        () -> new Conv2d(Stride.of(0), Padding.of(0), 1),
        () -> new Conv2d(Stride.of(1), Padding.of(-1), 1),
        () -> new Conv2d(Stride.of(1), Padding.of(0), 0),
        () -> new GroupNorm(0, 1e-5, false),
        () -> new Attention(0, 1, false));
  }

  @ParameterizedTest
  @MethodSource("impossibleOps")
  void impossibleOpsAreRefused(Executable construction) {
    assertThrows(IllegalArgumentException.class, construction);
  }

  @Test
  void indicesOutOfRangeAreNamedWithTheirBound() {
    Tensor table = random(1, 3, 2);
    for (int index : new int[] {3, -1, Integer.MAX_VALUE, Integer.MIN_VALUE}) {
      String embedding =
          assertThrows(
                  IllegalArgumentException.class,
                  () -> table.gather(new int[] {0, index}, Shape.of(2)))
              .getMessage();
      assertEquals(
          "embedding: index " + index + " is out of range for 3 rows; got table [3, 2]", embedding);
      String crossEntropy =
          assertThrows(IllegalArgumentException.class, () -> table.crossEntropy(0, index, 1))
              .getMessage();
      assertEquals(
          "cross_entropy: label " + index + " is out of range for 2 classes; got x [3, 2]",
          crossEntropy);
    }
  }

  @Test
  void operandsOfOtherTypesOrBackendsAreRefused() {
    Tensor x = vector(1, 2);
    String message =
        assertThrows(IllegalArgumentException.class, () -> x.add(x.to(cpu, DType.FLOAT32)))
            .getMessage();
    assertTrue(message.contains("FLOAT64") && message.contains("FLOAT32"), message);
    try (var other = CpuBackend.scalar(1)) {
      assertThrows(IllegalArgumentException.class, () -> x.add(x.to(other, DType.FLOAT64)));
    }
  }

  @Test
  void sizesThatDontResolveAreNamed() {
    assertEquals(s(4, 3), Reshape.resolve(s(2, 6), -1, 3));
    assertEquals(s(12), Reshape.resolve(s(2, 6), -1));
    assertEquals(s(0, 5), Reshape.resolve(s(5, 0), 0, 5));
    for (int[] dims :
        new int[][] {{-1, -1}, {-1, 5}, {-2, 6}, {5}, {-1, 0}, {65536, 65536, 65536}}) {
      ShapeException e = assertThrows(ShapeException.class, () -> Reshape.resolve(s(2, 6), dims));
      assertEquals("reshape", e.op());
      assertEquals(List.of(s(2, 6)), e.shapes());
      assertTrue(e.rule().contains(Arrays.toString(dims)), e.rule());
    }
  }

  @Test
  void tablesAreClonedInAndOut() {
    int[] index = {0, 1};
    Embedding op = new Embedding(index, s(2));
    index[0] = 7;
    op.index()[1] = 7;
    assertEquals(List.of(0, 1), Arrays.stream(op.index()).boxed().toList());
    int[] labels = {0};
    CrossEntropy loss = new CrossEntropy(labels);
    labels[0] = 3;
    loss.labels()[0] = 3;
    assertEquals(0, loss.labels()[0]);
  }

  @Test
  void emptyTensorsPassThrough() {
    Tensor none = tensor(s(0, 3));
    assertEquals(s(0, 3), none.map(UnaryFunction.EXP).shape());
    assertTensor(s(3), new double[3], none.sum(0));
    assertEquals(s(0, 2), none.linear(random(1, 2, 3), random(2, 2)).shape());
    assertTensor(s(2, 3), new double[6], Tensor.concat(0, none, none, counted(2, 3).mul(0)));
  }
}
