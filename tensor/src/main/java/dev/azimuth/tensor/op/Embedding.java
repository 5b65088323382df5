package dev.azimuth.tensor.op;

import dev.azimuth.tensor.Check;
import dev.azimuth.tensor.Kernel;
import dev.azimuth.tensor.Shape;
import dev.azimuth.tensor.ShapeException;
import dev.azimuth.tensor.Tensor;
import java.util.Arrays;
import java.util.List;

/**
 * Rows of a table by their numbers.
 *
 * <p>Shapes: table {@code [K, D]}, indices of any shape {@code [...]} to y {@code [..., D]}.
 *
 * <p>Gradient: each row of the table gets the sum of dy's rows that were read from it; saves the
 * table's shape.
 *
 * <p>Throws {@link ShapeException} unless the table has rank 2 and the indices fill their shape,
 * {@link IllegalArgumentException} if an index isn't in 0 to K - 1.
 *
 * @param index row numbers, row-major
 * @param indexShape their shape
 */
@SuppressWarnings("ArrayRecordComponent") // cloned on the way in and out, and never compared
public record Embedding(int[] index, Shape indexShape) implements Op.Unary<Embedding.Saved> {
  /** The table's shape. */
  public record Saved(Shape table) {}

  public Embedding {
    index = index.clone();
    if (index.length != indexShape.size()) {
      throw new ShapeException(
          "embedding",
          "indices must fill their shape, " + index.length + " != " + indexShape.size(),
          indexShape);
    }
  }

  @Override
  public int[] index() {
    return index.clone();
  }

  @Override
  public Result<Saved> forward(Tensor table) {
    Check.rank("embedding", "the table", table, 2);
    int rows = table.shape().dim(0);
    for (int i : index) {
      if (i < 0 || i >= rows) {
        throw new IllegalArgumentException(
            "embedding: index "
                + i
                + " is out of range for "
                + rows
                + " rows; got table "
                + table.shape());
      }
    }
    int[] dims = Arrays.copyOf(indexShape.toArray(), indexShape.rank() + 1);
    dims[indexShape.rank()] = table.shape().dim(1);
    Tensor y = table.backend().empty(Shape.of(dims), table.dtype());
    table.backend().run(new Kernel.Gather(table, index, y));
    return new Result<>(y, new Saved(table.shape()));
  }

  @Override
  public Tensor vjp(Saved saved, Tensor dy) {
    Tensor dTable = dy.backend().empty(saved.table(), dy.dtype());
    dy.backend().run(new Kernel.GatherVjp(dy, index, dTable));
    return dTable;
  }

  @Override
  public String toString() {
    return "Embedding[indexShape=" + indexShape + "]";
  }

  /** Rows read once, twice and never; one index; a scalar index. */
  public static List<Example<Embedding>> examples() {
    return List.of(
        Example.of(new Embedding(new int[] {2, 0, 2, 4, 4, 4}, Shape.of(2, 3)), Shape.of(5, 3)),
        Example.of(new Embedding(new int[] {0}, Shape.of(1)), Shape.of(1, 1)),
        Example.of(new Embedding(new int[] {1}, Shape.of()), Shape.of(3, 7)));
  }
}
