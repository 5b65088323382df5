package dev.azimuth.autograd;

import dev.azimuth.tensor.Backend;
import dev.azimuth.tensor.DType;
import dev.azimuth.tensor.Shape;
import dev.azimuth.tensor.Tensor;
import dev.azimuth.tensor.op.Example;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;

/** Draws inputs from the domain that an {@link Example} asks for. */
final class ExampleInputs {
  /** Values lie this many gaps apart on average, so that each has room to vary. */
  private static final double SPACING = 1.25;

  private ExampleInputs() {}

  /** Untracked float64 tensors of the example's shapes. */
  static Tensor[] draw(Example<?> example, Backend backend, SplittableRandom random) {
    int count = example.inputs().stream().mapToInt(Shape::size).sum();
    double[] values =
        example.gap() > 0 ? apart(example, count, random) : smooth(example, count, random);
    Tensor[] inputs = new Tensor[example.inputs().size()];
    int from = 0;
    for (int i = 0; i < inputs.length; i++) {
      Shape shape = example.inputs().get(i);
      double[] own = Arrays.copyOfRange(values, from, from + shape.size());
      inputs[i] = Tensor.of(backend, DType.FLOAT64, shape, own);
      from += shape.size();
    }
    return inputs;
  }

  private static double[] smooth(Example<?> example, int count, SplittableRandom random) {
    double width = example.high() - example.low();
    return random.doubles(count).map(u -> example.low() + width * u).toArray();
  }

  /** Values at least a gap from each other and from whole numbers, in random order. */
  private static double[] apart(Example<?> example, int count, SplittableRandom random) {
    double gap = example.gap();
    double spacing = SPACING * gap;
    List<Double> free = new ArrayList<>();
    for (double middle = example.low() + spacing / 2; middle < example.high(); middle += spacing) {
      double value = middle + (spacing - gap) * (random.nextDouble() - 0.5);
      if (Math.abs(value - Math.rint(value)) >= gap) {
        free.add(value);
      }
    }
    if (free.size() < count) {
      throw new IllegalArgumentException(
          "gradcheck: "
              + example.op()
              + " needs "
              + count
              + " values "
              + gap
              + " apart, between "
              + example.low()
              + " and "
              + example.high()
              + " there are "
              + free.size());
    }
    double[] values = new double[count];
    for (int i = 0; i < count; i++) {
      values[i] = free.remove(random.nextInt(free.size()));
    }
    return values;
  }
}
