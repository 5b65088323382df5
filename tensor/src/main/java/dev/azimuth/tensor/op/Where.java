package dev.azimuth.tensor.op;

import dev.azimuth.tensor.Kernel;
import dev.azimuth.tensor.Shape;
import dev.azimuth.tensor.Tensor;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * {@code y = a} where the condition isn't 0, {@code b} elsewhere. Inputs: condition, a, b.
 *
 * <p>Shapes: all three broadcast.
 *
 * <p>Gradient: dy to whichever was taken, 0 to the other, summed over what was repeated; none for
 * the condition. Saves the condition and both shapes.
 *
 * <p>Throws {@link dev.azimuth.tensor.ShapeException} unless the shapes broadcast.
 */
public record Where() implements Op.Several<Where.Saved> {
  /** The condition in y's shape, and the shapes of both choices. */
  public record Saved(Tensor condition, Shape a, Shape b) {}

  @Override
  public Result<Saved> forward(List<Tensor> inputs) {
    Tensor a = inputs.get(1);
    Tensor b = inputs.get(2);
    Shape shape =
        Broadcasting.common(
            "where", inputs.stream().map(Tensor::shape).toList(), inputs.toArray(Tensor[]::new));
    Tensor condition = Broadcasting.expand(inputs.get(0), shape);
    Tensor y = select(condition, Broadcasting.expand(a, shape), Broadcasting.expand(b, shape));
    return new Result<>(y, new Saved(condition, a.shape(), b.shape()));
  }

  @Override
  public List<@Nullable Tensor> vjp(Saved saved, Tensor dy, Wanted wanted) {
    Tensor condition = saved.condition();
    Tensor zeros = Tensor.zeros(dy.backend(), dy.dtype(), dy.shape());
    return Op.gradients(
        null,
        wanted.input(1) ? Broadcasting.sumTo(select(condition, dy, zeros), saved.a()) : null,
        wanted.input(2) ? Broadcasting.sumTo(select(condition, zeros, dy), saved.b()) : null);
  }

  private static Tensor select(Tensor condition, Tensor a, Tensor b) {
    Tensor y = a.backend().empty(a.shape(), a.dtype());
    a.backend().run(new Kernel.Select(condition, a, b, y));
    return y;
  }

  /** Equal shapes, and each input broadcast. Drawn conditions aren't 0: all choose a. */
  public static List<Example<Where>> examples() {
    return List.of(
        Example.of(new Where(), Shape.of(3, 7), Shape.of(3, 7), Shape.of(3, 7))
            .apart(0.01)
            .withoutGradient(0, 2),
        Example.of(new Where(), Shape.of(3, 1), Shape.of(4), Shape.of(2, 1, 1))
            .apart(0.01)
            .withoutGradient(0, 2),
        Example.of(new Where(), Shape.of(1), Shape.of(), Shape.of(1))
            .apart(0.01)
            .withoutGradient(0, 2));
  }
}
