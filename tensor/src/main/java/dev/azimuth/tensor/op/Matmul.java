package dev.azimuth.tensor.op;

import dev.azimuth.tensor.Check;
import dev.azimuth.tensor.Kernel;
import dev.azimuth.tensor.Shape;
import dev.azimuth.tensor.Tensor;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Matrix product {@code Y = A B} of the last two axes; leading axes broadcast.
 *
 * <p>Shapes: a {@code [..., m, k]} ({@code [..., k, m]} if transposed), b {@code [..., k, n]}
 * ({@code [..., n, k]} if transposed) to y {@code [..., m, n]}.
 *
 * <p>Gradient: {@code dA = dY Bᵀ}, {@code dB = Aᵀ dY}, summed over leading axes that were repeated;
 * saves a and b.
 *
 * <p>Throws {@link dev.azimuth.tensor.ShapeException} unless both have rank 2 or more, the inner
 * sizes agree and the leading axes broadcast.
 *
 * @param transposeA whether a is stored transposed
 * @param transposeB whether b is stored transposed
 */
public record Matmul(boolean transposeA, boolean transposeB) implements Op.Binary<Matmul.Saved> {
  /** Both inputs. */
  public record Saved(Tensor a, Tensor b) {}

  @Override
  public Result<Saved> forward(Tensor a, Tensor b) {
    Check.that(a.shape().rank() >= 2, "matmul", "a must have rank 2 or more", a, b);
    Check.that(b.shape().rank() >= 2, "matmul", "b must have rank 2 or more", a, b);
    Check.same(
        "matmul",
        "inner sizes must agree",
        a.shape().dim(transposeA ? -2 : -1),
        b.shape().dim(transposeB ? -1 : -2),
        a,
        b);
    Broadcasting.common("matmul", List.of(leading(a.shape()), leading(b.shape())), a, b);
    return new Result<>(product(a, transposeA, b, transposeB), new Saved(a, b));
  }

  @Override
  public List<@Nullable Tensor> vjp(Saved saved, Tensor dy, Wanted wanted) {
    Tensor a = saved.a();
    Tensor b = saved.b();
    if (sharesRight(a, transposeA, b)) {
      // one product over all rows, so that dB sums over them inside the kernel
      Tensor rows = stacked(a);
      Tensor dyRows = stacked(dy);
      Tensor da = wanted.input(0) ? gradientA(b, dyRows) : null;
      Tensor db = wanted.input(1) ? gradientB(rows, dyRows) : null;
      return Op.gradients(
          da == null ? null : Axes.view(da, a.shape()),
          db == null ? null : Axes.view(db, b.shape()));
    }
    return Op.gradients(
        wanted.input(0) ? Broadcasting.sumTo(gradientA(b, dy), a.shape()) : null,
        wanted.input(1) ? Broadcasting.sumTo(gradientB(a, dy), b.shape()) : null);
  }

  private Tensor gradientA(Tensor b, Tensor dy) {
    return transposeA ? product(b, transposeB, dy, true) : product(dy, false, b, !transposeB);
  }

  private Tensor gradientB(Tensor a, Tensor dy) {
    return transposeB ? product(dy, true, a, transposeA) : product(a, !transposeA, dy, false);
  }

  /** Whether b is one matrix for all of a's, whose rows can then be stacked. */
  private static boolean sharesRight(Tensor a, boolean transposeA, Tensor b) {
    return !transposeA && a.shape().rank() >= b.shape().rank() && matrices(b.shape()) == 1;
  }

  private static int matrices(Shape shape) {
    return shape.product(0, shape.rank() - 2);
  }

  private static Tensor stacked(Tensor x) {
    int rows = x.shape().product(0, x.shape().rank() - 1);
    return Axes.view(x, Shape.of(rows, x.shape().dim(-1)));
  }

  private static Tensor product(Tensor a, boolean transposeA, Tensor b, boolean transposeB) {
    int m = a.shape().dim(transposeA ? -1 : -2);
    int k = a.shape().dim(transposeA ? -2 : -1);
    int n = b.shape().dim(transposeB ? -2 : -1);
    Shape batch = Shape.broadcast("matmul", leading(a.shape()), leading(b.shape()));
    int[] dims = Arrays.copyOf(batch.toArray(), batch.rank() + 2);
    dims[batch.rank()] = m;
    dims[batch.rank() + 1] = n;
    Tensor y = a.backend().empty(Shape.of(dims), a.dtype());
    int[] aOffsets = {0};
    int[] bOffsets = {0};
    int rows = m;
    if (sharesRight(a, transposeA, b)) {
      rows = matrices(a.shape()) * m;
    } else {
      aOffsets = offsets(leading(a.shape()), batch, m * k);
      bOffsets = offsets(leading(b.shape()), batch, k * n);
    }
    a.backend()
        .run(
            new Kernel.Matmul(
                a, aOffsets, transposeA, b, bOffsets, transposeB, null, y, rows, n, k));
    return y;
  }

  private static Shape leading(Shape shape) {
    return Shape.of(Arrays.copyOf(shape.toArray(), shape.rank() - 2));
  }

  /** Where each matrix of the broadcast batch starts in an operand whose matrices have a size. */
  private static int[] offsets(Shape own, Shape batch, int matrix) {
    int[] strides = own.broadcastStrides(batch);
    int[] offsets = new int[batch.size()];
    for (int i = 0; i < offsets.length; i++) {
      int rest = i;
      for (int axis = batch.rank() - 1; axis >= 0; axis--) {
        offsets[i] += rest % batch.dim(axis) * strides[axis] * matrix;
        rest /= batch.dim(axis);
      }
    }
    return offsets;
  }

  /** All transpositions; equal, shared and mutually broadcast batches; vectors as matrices. */
  public static List<Example<Matmul>> examples() {
    return List.of(
        Example.of(new Matmul(false, false), Shape.of(3, 5), Shape.of(5, 2)),
        Example.of(new Matmul(true, false), Shape.of(5, 3), Shape.of(5, 2)),
        Example.of(new Matmul(false, true), Shape.of(3, 5), Shape.of(2, 5)),
        Example.of(new Matmul(true, true), Shape.of(5, 3), Shape.of(2, 5)),
        Example.of(new Matmul(false, false), Shape.of(2, 3, 4), Shape.of(2, 4, 5)),
        Example.of(new Matmul(true, true), Shape.of(2, 4, 3), Shape.of(2, 5, 4)),
        Example.of(new Matmul(false, false), Shape.of(2, 3, 4), Shape.of(4, 5)),
        Example.of(new Matmul(false, true), Shape.of(2, 3, 4), Shape.of(1, 5, 4)),
        Example.of(new Matmul(true, false), Shape.of(2, 4, 3), Shape.of(4, 5)),
        Example.of(new Matmul(false, true), Shape.of(3, 4), Shape.of(2, 5, 4)),
        Example.of(new Matmul(false, false), Shape.of(3, 1, 2, 3), Shape.of(2, 3, 1)),
        Example.of(new Matmul(false, false), Shape.of(1, 1), Shape.of(1, 1)),
        Example.of(new Matmul(false, false), Shape.of(1, 7), Shape.of(7, 1)));
  }
}
