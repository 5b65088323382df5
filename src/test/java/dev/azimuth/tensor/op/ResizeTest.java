package dev.azimuth.tensor.op;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;

import dev.azimuth.tensor.Shape;
import dev.azimuth.tensor.Tensor;
import dev.azimuth.tensor.op.Resize.Mode;
import org.junit.jupiter.api.Test;

/** Values worked out by hand, and those in PyTorch's documentation of Upsample. */
class ResizeTest extends OpTensors {
  private Tensor column(double... values) {
    return tensor(Shape.of(1, values.length, 1, 1), values);
  }

  private static void assertColumn(Tensor got, double... expected) {
    assertTensor(Shape.of(1, expected.length, 1, 1), expected, got);
  }

  @Test
  void nearestTakesFloorOfTheScaledIndex() {
    assertColumn(column(1, 2, 3).resize(Mode.NEAREST, 5, 1, false), 1, 1, 2, 2, 3);
    assertColumn(column(1, 2, 3, 4, 5).resize(Mode.NEAREST, 3, 1, false), 1, 2, 4);
    assertColumn(column(1, 2).resize(Mode.NEAREST, 4, 1, false), 1, 1, 2, 2);
  }

  @Test
  void nearestKeepsChannelsTogether() {
    Tensor x = tensor(Shape.of(1, 1, 2, 2), 1, 10, 2, 20);
    assertTensor(
        Shape.of(1, 2, 4, 2),
        new double[] {1, 10, 1, 10, 2, 20, 2, 20, 1, 10, 1, 10, 2, 20, 2, 20},
        x.resize(Mode.NEAREST, 2, 4, false));
  }

  @Test
  void bilinearAsDocumented() {
    Tensor x = tensor(Shape.of(1, 2, 2, 1), 1, 2, 3, 4);
    assertTensor(
        Shape.of(1, 4, 4, 1),
        new double[] {
          1, 1.25, 1.75, 2, 1.5, 1.75, 2.25, 2.5, 2.5, 2.75, 3.25, 3.5, 3, 3.25, 3.75, 4
        },
        x.resize(Mode.BILINEAR, 4, 4, false));
  }

  @Test
  void bilinearWithCornersAligned() {
    assertColumn(column(1, 2, 3).resize(Mode.BILINEAR, 5, 1, true), 1, 1.5, 2, 2.5, 3);
    assertColumn(column(7, 2, 3).resize(Mode.BILINEAR, 1, 1, true), 7);
  }

  @Test
  void bilinearShrinksWithoutAntialiasing() {
    assertColumn(column(1, 3, 10, 20).resize(Mode.BILINEAR, 2, 1, false), 2, 15);
    assertColumn(column(1, 3, 10).resize(Mode.BILINEAR, 1, 1, false), 3);
  }

  /** Weights at t = 1/4 are -27/256, 225/256, 67/256 and -9/256; the border repeats. */
  @Test
  void bicubicWithHalfPixelCentres() {
    assertColumn(
        column(1, 2).resize(Mode.BICUBIC, 4, 1, false),
        0.89453125,
        1.2265625,
        1.7734375,
        2.10546875);
    Tensor x = column(0, 0, 256, 0, 0, 0);
    Tensor y = x.resize(Mode.BICUBIC, 12, 1, false);
    assertColumn(y, 0, -9, -27, 67, 225, 225, 67, -27, -9, 0, 0, 0);
  }

  /** At t = 1/2 the weights are -3/32, 19/32, 19/32 and -3/32. */
  @Test
  void bicubicWithCornersAligned() {
    Tensor x = column(32, 0, 0, 0);
    assertColumn(x.resize(Mode.BICUBIC, 7, 1, true), 32, 16, 0, -3, 0, 0, 0);
  }

  @Test
  void theSameSizeChangesNothing() {
    Tensor x = random(3, 2, 3, 5, 2);
    for (Mode mode : Mode.values()) {
      assertClose(x, x.resize(mode, 3, 5, false));
    }
    assertClose(x, x.resize(Mode.BICUBIC, 3, 5, true));
  }

  @Test
  void constantsStayConstant() {
    Tensor x = column(5, 5, 5, 5, 5);
    for (Mode mode : Mode.values()) {
      assertColumn(x.resize(mode, 8, 1, false).slice(1, 0, 1), 5);
    }
  }

  @Test
  void averagesDropIncompleteWindows() {
    Tensor x = counted(1, 3, 5, 1);
    assertTensor(Shape.of(1, 1, 2, 1), new double[] {3, 5}, x.avgPool2d(2, 2));
    // windows' weights 1/3 are float32
    assertArrayEquals(new double[] {6, 7, 8}, x.avgPool2d(3, 1).toDoubles(), 1e-6);
  }

  @Test
  void maximaIgnoreThePadding() {
    Tensor x = counted(1, 3, 3, 1).sub(scalar(10));
    assertTensor(Shape.of(1, 2, 2, 1), new double[] {-10, -8, -4, -2}, x.maxPool2d(2, 2, 1));
    assertTensor(Shape.of(1, 1, 1, 1), new double[] {-6}, x.maxPool2d(2, 2, 0));
  }
}
