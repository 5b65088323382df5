package dev.azimuth.tensor.op;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotSame;
import static org.junit.jupiter.api.Assertions.assertSame;

import dev.azimuth.autograd.Gradients;
import dev.azimuth.tensor.Reduction;
import dev.azimuth.tensor.Shape;
import dev.azimuth.tensor.Tensor;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Where elements go, and what becomes of runs of them. */
class OrderTest extends OpTensors {
  @Test
  void permuteMovesAxes() {
    Tensor x = counted(2, 3, 2);
    assertTensor(
        Shape.of(2, 2, 3), new double[] {0, 2, 4, 6, 8, 10, 1, 3, 5, 7, 9, 11}, x.permute(2, 0, 1));
    assertTensor(
        Shape.of(3, 2, 2), new double[] {0, 1, 6, 7, 2, 3, 8, 9, 4, 5, 10, 11}, x.transpose(0, -2));
  }

  @Test
  void permutesGradientIsTheInverse() {
    Tensor x = random(1, 2, 3, 4).tracked();
    Tensor dy = counted(4, 2, 3);
    assertClose(dy.permute(1, 2, 0), Gradients.of(x.permute(2, 0, 1), dy).get(x));
  }

  @Test
  void axesOfSizeOneMoveWithoutACopy() {
    Tensor x = counted(3, 1, 4);
    assertSame(x.buffer(), x.permute(1, 0, 2).buffer());
    assertSame(x.buffer(), x.reshape(4, 3).buffer());
    assertNotSame(x.buffer(), x.permute(2, 1, 0).buffer());
  }

  @Test
  void sliceConcatAndPadAreInverse() {
    Tensor x = counted(2, 5);
    Tensor left = x.slice(1, 0, 2);
    Tensor right = x.slice(-1, 2, 5);
    assertTensor(Shape.of(2, 2), new double[] {0, 1, 5, 6}, left);
    assertTensor(Shape.of(2, 3), new double[] {2, 3, 4, 7, 8, 9}, right);
    assertClose(x, Tensor.concat(-1, left, right));
    assertClose(x, x.pad(List.of(1, 2), List.of(0, 3), -1).slice(0, 1, 3).slice(1, 2, 7));
  }

  @Test
  void slicesAndPadsGradientsGoWhereTheElementsCameFrom() {
    Tensor x = counted(2, 3).tracked();
    Tensor dy = tensor(Shape.of(2, 2), 1, 2, 3, 4);
    assertTensor(
        Shape.of(2, 3), new double[] {0, 1, 2, 0, 3, 4}, Gradients.of(x.slice(1, 1, 3), dy).get(x));
    Tensor padded = x.pad(List.of(1, 0), List.of(0, 1), 9);
    assertTensor(
        Shape.of(2, 3),
        new double[] {4, 5, 6, 8, 9, 10},
        Gradients.of(padded, counted(3, 4)).get(x));
  }

  @Test
  void padSurrounds() {
    assertTensor(
        Shape.of(3, 4),
        new double[] {7, 7, 7, 7, 7, 0, 1, 7, 7, 2, 3, 7},
        counted(2, 2).pad(List.of(1, 1), List.of(0, 1), 7));
  }

  @Test
  void concatAlongEachAxis() {
    Tensor a = counted(1, 2);
    Tensor b = counted(1, 2).add(10);
    assertTensor(Shape.of(2, 2), new double[] {0, 1, 10, 11}, Tensor.concat(0, a, b));
    assertTensor(Shape.of(1, 4), new double[] {0, 1, 10, 11}, Tensor.concat(1, a, b));
    Gradients g;
    Tensor leaf = b.tracked();
    g = Gradients.of(Tensor.concat(0, a, leaf, leaf), counted(3, 2));
    assertTensor(Shape.of(1, 2), new double[] {2 + 4, 3 + 5}, g.get(leaf));
  }

  @Test
  void expandRepeats() {
    Tensor x = tensor(Shape.of(2, 1), 1, 2).tracked();
    Tensor y = x.expand(2, 2, 3);
    assertTensor(Shape.of(2, 2, 3), new double[] {1, 1, 1, 2, 2, 2, 1, 1, 1, 2, 2, 2}, y);
    assertTensor(Shape.of(2, 1), new double[] {6, 6}, Gradients.of(y.sum()).get(x));
  }

  @Test
  void reductionsOverAnyAxes() {
    Tensor x = counted(2, 3, 2);
    assertTensor(Shape.of(), new double[] {66}, x.sum());
    assertTensor(Shape.of(3), new double[] {14, 22, 30}, x.sum(0, 2));
    assertTensor(Shape.of(2, 2), new double[] {2, 3, 8, 9}, x.mean(1));
    assertTensor(Shape.of(2), new double[] {10, 11}, x.max(1, 0));
    assertTensor(
        Shape.of(1, 3, 1), new double[] {3.5, 5.5, 7.5}, x.reduce(Reduction.MEAN, true, -1, 0));
    assertTensor(Shape.of(), new double[] {5}, scalar(5).sum());
  }

  @Test
  void varianceWithBothCorrections() {
    Tensor x = tensor(Shape.of(2, 4), 1, 2, 3, 4, 5, 5, 5, 5);
    assertTensor(Shape.of(2), new double[] {5.0 / 3, 0}, x.variance(1, false, 1));
    assertTensor(Shape.of(2, 1), new double[] {1.25, 0}, x.variance(0, true, 1));
    // far from 0 the squares' difference would have nothing left
    assertEquals(1.25, x.slice(0, 0, 1).add(1e9).variance(0, false).toDoubles()[0], 1e-6);
  }

  @Test
  void embeddingReadsRowsAndAddsUpTheirGradients() {
    Tensor table = counted(4, 2).tracked();
    Tensor y = table.gather(new int[] {3, 1, 3}, Shape.of(3, 1));
    assertTensor(Shape.of(3, 1, 2), new double[] {6, 7, 2, 3, 6, 7}, y);
    Gradients g = Gradients.of(y, tensor(Shape.of(3, 1, 2), 1, 2, 3, 4, 5, 6));
    assertTensor(Shape.of(4, 2), new double[] {0, 0, 3, 4, 0, 0, 6, 8}, g.get(table));
  }

  @Test
  void crossEntropyIsTheMeanNegativeLogProbability() {
    double ln2 = Math.log(2);
    // probabilities 1/4, 1/4, 1/2 and 1/3 each
    Tensor x = tensor(Shape.of(2, 3), 100, 100, 100 + ln2, 0, 0, 0).tracked();
    Tensor loss = x.crossEntropy(2, 0);
    assertTensor(Shape.of(), new double[] {(ln2 + Math.log(3)) / 2}, loss);
    assertArrayEquals(
        new double[] {0.125, 0.125, -0.25, -1.0 / 3, 1.0 / 6, 1.0 / 6},
        Gradients.of(loss).get(x).toDoubles(),
        1e-12);
  }

  @Test
  void softmaxAlongAnyAxis() {
    Tensor x = random(6, 2, 3, 4);
    for (int axis = 0; axis < 3; axis++) {
      Tensor e = x.exp();
      assertClose(e.div(e.reduce(Reduction.SUM, true, axis)), x.softmax(axis));
      assertClose(x.softmax(axis).log(), x.logSoftmax(axis - 3));
    }
    assertTensor(Shape.of(2), new double[] {0, 1}, vector(-1e300, 1e300).softmax(0));
  }

  @Test
  void meanSquaredError() {
    Tensor a = vector(1, 2, 6).tracked();
    Tensor loss = a.meanSquaredError(vector(1, 4, 3));
    assertTensor(Shape.of(), new double[] {13.0 / 3}, loss);
    assertTensor(Shape.of(3), new double[] {0, -4.0 / 3, 2}, Gradients.of(loss).get(a));
  }
}
