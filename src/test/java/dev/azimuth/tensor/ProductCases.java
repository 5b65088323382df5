package dev.azimuth.tensor;

import dev.azimuth.tensor.Conv2dGeometry.Padding;
import dev.azimuth.tensor.Conv2dGeometry.Stride;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Matrix products and convolutions. */
final class ProductCases {
  private static final Stride ONE = Stride.of(1);
  private static final Stride TWO = Stride.of(2);

  private ProductCases() {}

  static List<KernelCase> all() {
    List<KernelCase> cases = new ArrayList<>(matmuls());
    for (Conv2dGeometry g : geometries()) {
      cases.addAll(convolutions(g));
    }
    return cases;
  }

  /** Which part of its operands a product reads, and how. */
  private record Layout(boolean transposeA, boolean transposeB, boolean bias, Batch batch) {}

  private enum Batch {
    ONE,
    /** Three products of different matrices. */
    EACH,
    /** Three left factors with the same right one. */
    SHARED_RIGHT,
    /** The same left factor with three right ones. */
    SHARED_LEFT,
    /** Factors in any order, with gaps between them. */
    SCATTERED,
    NONE
  }

  private static List<KernelCase> matmuls() {
    int[][] sizes = {
      {1, 1, 1},
      {1, 17, 5},
      {17, 1, 5},
      {5, 7, 1},
      {3, 3, 3},
      {4, 16, 8},
      {8, 8, 8},
      {6, 16, 4},
      {7, 15, 9},
      {13, 31, 17},
      {16, 33, 64},
      {77, 40, 33},
      {33, 67, 321},
      {130, 129, 63},
      {2, 3, 1031},
      {9, 70, 700},
      {0, 3, 4},
      {3, 0, 4},
      {3, 4, 0}
    };
    List<KernelCase> cases = new ArrayList<>();
    for (int[] size : sizes) {
      for (boolean transposeA : new boolean[] {false, true}) {
        for (boolean transposeB : new boolean[] {false, true}) {
          Layout plain = new Layout(transposeA, transposeB, false, Batch.ONE);
          cases.add(matmul(size, plain));
          cases.add(matmul(size, new Layout(transposeA, transposeB, true, Batch.ONE)));
        }
      }
    }
    // long sums, and the two shapes that a transformer's weights have
    cases.add(matmul(new int[] {9, 5, 5003}, new Layout(true, false, false, Batch.ONE)));
    cases.add(matmul(new int[] {37, 65, 3001}, new Layout(true, false, false, Batch.ONE)));
    cases.add(matmul(new int[] {37, 65, 3001}, new Layout(true, true, false, Batch.ONE)));
    cases.add(matmul(new int[] {3, 2, 20_011}, new Layout(false, true, true, Batch.ONE)));
    cases.add(matmul(new int[] {257, 320, 96}, new Layout(false, true, true, Batch.ONE)));
    cases.add(matmul(new int[] {100, 1000, 320}, new Layout(false, true, true, Batch.ONE)));
    for (int seed = 0; seed < 200; seed++) {
      Draw draw = new Draw(seed);
      int[] size = {draw.integer(1, 70), draw.integer(1, 70), draw.integer(1, 70)};
      Batch batch = draw.one(Batch.values());
      cases.add(matmul(size, new Layout(draw.coin(), draw.coin(), draw.coin(), batch)));
    }
    return cases;
  }

  private static KernelCase matmul(int[] size, Layout layout) {
    return KernelCase.of(
        "m, n, k = %s, %s".formatted(Arrays.toString(size), layout),
        () -> matmul(layout, size[0], size[1], size[2]));
  }

  private static Kernel matmul(Layout layout, int m, int n, int k) {
    int[] aOffsets =
        switch (layout.batch) {
          case ONE -> new int[] {0};
          case EACH, SHARED_RIGHT -> new int[] {0, m * k, 2 * m * k};
          case SHARED_LEFT -> new int[] {0, 0, 0};
          case SCATTERED -> new int[] {3 * m * k + 5, 1, m * k + 2};
          case NONE -> new int[0];
        };
    int[] bOffsets =
        switch (layout.batch) {
          case ONE -> new int[] {0};
          case EACH, SHARED_LEFT -> new int[] {0, k * n, 2 * k * n};
          case SHARED_RIGHT -> new int[] {0, 0, 0};
          case SCATTERED -> new int[] {7, 2 * k * n + 9, 7};
          case NONE -> new int[0];
        };
    Draw draw = new Draw(m + n + k);
    Tensor bias = layout.bias ? draw.normal(n) : null;
    return new Kernel.Matmul(
        draw.normal(Arrays.stream(aOffsets).max().orElse(0) + m * k),
        aOffsets,
        layout.transposeA,
        draw.normal(Arrays.stream(bOffsets).max().orElse(0) + k * n),
        bOffsets,
        layout.transposeB,
        bias,
        Draw.empty(aOffsets.length, m, n),
        m,
        n,
        k);
  }

  private static List<Conv2dGeometry> geometries() {
    Padding same = Padding.of(1);
    Padding none = Padding.of(0);
    List<Conv2dGeometry> geometries = new ArrayList<>();
    geometries.add(new Conv2dGeometry(1, 1, 1, 1, 1, 1, 1, ONE, none, 1));
    geometries.add(new Conv2dGeometry(2, 5, 7, 3, 4, 1, 1, ONE, none, 1));
    geometries.add(new Conv2dGeometry(2, 8, 8, 4, 33, 3, 3, ONE, same, 1));
    geometries.add(new Conv2dGeometry(1, 9, 6, 32, 4, 3, 3, ONE, same, 1));
    geometries.add(new Conv2dGeometry(1, 16, 16, 17, 19, 3, 3, TWO, same, 1));
    geometries.add(new Conv2dGeometry(3, 5, 5, 1, 1, 3, 3, ONE, same, 1));
    // the autoencoder's downsampling pads at the bottom and the right only
    geometries.add(new Conv2dGeometry(2, 8, 8, 6, 5, 3, 3, TWO, new Padding(0, 1, 0, 1), 1));
    geometries.add(
        new Conv2dGeometry(1, 7, 9, 3, 8, 3, 2, new Stride(2, 3), new Padding(2, 0, 1, 3), 1));
    geometries.add(new Conv2dGeometry(1, 4, 4, 6, 9, 3, 3, ONE, same, 3));
    geometries.add(new Conv2dGeometry(2, 5, 4, 8, 8, 3, 3, ONE, same, 8));
    geometries.add(new Conv2dGeometry(1, 6, 6, 34, 68, 3, 3, ONE, same, 2));
    // a vision transformer's patches
    geometries.add(new Conv2dGeometry(2, 28, 28, 3, 24, 14, 14, Stride.of(14), none, 1));
    geometries.add(new Conv2dGeometry(1, 32, 30, 3, 17, 8, 8, Stride.of(8), none, 1));
    // a kernel larger than the picture, and steps larger than the kernel
    geometries.add(new Conv2dGeometry(1, 2, 3, 5, 7, 5, 5, ONE, Padding.of(2), 1));
    geometries.add(new Conv2dGeometry(1, 11, 11, 4, 4, 2, 2, Stride.of(3), none, 1));
    geometries.add(new Conv2dGeometry(1, 1, 1, 64, 64, 3, 3, ONE, same, 1));
    geometries.add(new Conv2dGeometry(1, 32, 32, 48, 40, 3, 3, ONE, same, 1));
    geometries.add(new Conv2dGeometry(4, 16, 16, 40, 72, 1, 1, ONE, none, 1));
    geometries.add(new Conv2dGeometry(2, 16, 16, 130, 65, 3, 3, ONE, same, 1));
    geometries.add(new Conv2dGeometry(0, 4, 4, 3, 5, 3, 3, ONE, same, 1));
    // 3×3 kernels on whole vectors of channels, which have fast algorithms by tiles
    geometries.add(new Conv2dGeometry(2, 9, 7, 16, 24, 3, 3, ONE, same, 1));
    geometries.add(new Conv2dGeometry(1, 13, 10, 24, 16, 3, 3, ONE, none, 1));
    geometries.add(new Conv2dGeometry(3, 8, 8, 64, 32, 3, 3, ONE, same, 1));
    geometries.add(new Conv2dGeometry(1, 7, 11, 40, 16, 3, 3, ONE, new Padding(2, 0, 1, 2), 1));
    geometries.add(new Conv2dGeometry(1, 8, 8, 320, 64, 3, 3, ONE, same, 1));
    geometries.add(new Conv2dGeometry(1, 64, 61, 16, 16, 3, 3, ONE, same, 1));
    geometries.add(new Conv2dGeometry(13, 16, 16, 16, 48, 3, 3, ONE, same, 1));
    for (int seed = 0; seed < 60; seed++) {
      geometries.add(random(new Draw(seed)));
    }
    return geometries;
  }

  private static Conv2dGeometry random(Draw draw) {
    int groups = draw.one(1, 1, 1, 2, 3);
    int kernelHeight = draw.integer(1, 4);
    int kernelWidth = draw.integer(1, 4);
    Padding padding =
        new Padding(draw.integer(0, 2), draw.integer(0, 2), draw.integer(0, 2), draw.integer(0, 2));
    return new Conv2dGeometry(
        draw.integer(1, 3),
        draw.integer(kernelHeight, 12),
        draw.integer(kernelWidth, 12),
        groups * draw.integer(1, 20),
        groups * draw.integer(1, 20),
        kernelHeight,
        kernelWidth,
        new Stride(draw.integer(1, 3), draw.integer(1, 3)),
        padding,
        groups);
  }

  private static List<KernelCase> convolutions(Conv2dGeometry g) {
    String label = g.toString();
    return List.of(
        KernelCase.of(label, () -> convolution(g, null)),
        KernelCase.of(
            label + " with bias", () -> convolution(g, new Draw(-3).normal(g.outChannels()))),
        KernelCase.of(
            label,
            () -> new Kernel.Conv2dInputVjp(output(g), weight(g), Draw.emptyLike(input(g)), g)),
        KernelCase.of(
            label,
            () -> new Kernel.Conv2dWeightVjp(input(g), output(g), Draw.emptyLike(weight(g)), g)));
  }

  private static Kernel convolution(Conv2dGeometry g, @Nullable Tensor bias) {
    return new Kernel.Conv2d(input(g), weight(g), bias, Draw.emptyLike(output(g)), g);
  }

  private static Draw draw(Conv2dGeometry g) {
    return new Draw(g.height() + g.inChannels());
  }

  private static Tensor input(Conv2dGeometry g) {
    return draw(g).normal(g.batch(), g.height(), g.width(), g.inChannels());
  }

  private static Tensor weight(Conv2dGeometry g) {
    return new Draw(-1)
        .normal(g.outChannels(), g.kernelHeight(), g.kernelWidth(), g.inChannels() / g.groups());
  }

  private static Tensor output(Conv2dGeometry g) {
    return new Draw(-2).normal(g.batch(), g.outHeight(), g.outWidth(), g.outChannels());
  }
}
