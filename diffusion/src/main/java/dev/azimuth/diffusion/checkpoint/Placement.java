package dev.azimuth.diffusion.checkpoint;

import dev.azimuth.tensor.Shape;
import java.util.List;

/**
 * How one parameter lies in a layout: in which stored tensors, its pieces, and in which order.
 *
 * <p>Elements are moved between Java arrays of any type, so that numbers can be reordered as
 * float32 and as stored bytes alike; a number takes up {@code unit} elements of its array.
 */
sealed interface Placement {
  /** One stored tensor. */
  record Piece(String name, Shape shape) {
    /**
     * Whether a stored shape will do: this one, or one that differs by trailing axes of extent 1
     * behind the second, as a 1×1 convolution's weight differs from a linear layer's.
     */
    boolean accepts(Shape stored) {
      return stored.equals(shape)
          || (matrix(stored)
              && matrix(shape)
              && stored.product(0, 2) == shape.product(0, 2)
              && stored.dim(0) == shape.dim(0));
    }

    private static boolean matrix(Shape shape) {
      return shape.rank() >= 2 && shape.product(2, shape.rank()) == 1;
    }
  }

  /** The stored tensors that hold it. */
  List<Piece> pieces();

  /** Fills {@code ours}, the parameter in our order, from the arrays of its pieces. */
  void gather(List<?> pieces, Object ours, int unit);

  /** Fills the arrays of its pieces from {@code ours}. */
  void scatter(Object ours, List<?> pieces, int unit);

  /** The same elements in the same order. */
  record Same(Piece piece) implements Placement {
    @Override
    public List<Piece> pieces() {
      return List.of(piece);
    }

    @Override
    public void gather(List<?> pieces, Object ours, int unit) {
      System.arraycopy(pieces.get(0), 0, ours, 0, piece.shape.size() * unit);
    }

    @Override
    public void scatter(Object ours, List<?> pieces, int unit) {
      System.arraycopy(ours, 0, pieces.get(0), 0, piece.shape.size() * unit);
    }
  }

  /** A matrix whose rows are our columns. */
  record Transposed(Piece piece) implements Placement {
    @Override
    public List<Piece> pieces() {
      return List.of(piece);
    }

    @Override
    public void gather(List<?> pieces, Object ours, int unit) {
      transpose(pieces.get(0), ours, piece.shape.dim(0), piece.shape.dim(1), unit);
    }

    @Override
    public void scatter(Object ours, List<?> pieces, int unit) {
      transpose(ours, pieces.get(0), piece.shape.dim(1), piece.shape.dim(0), unit);
    }

    private static void transpose(Object from, Object to, int rows, int columns, int unit) {
      for (int i = 0; i < rows; i++) {
        for (int j = 0; j < columns; j++) {
          System.arraycopy(from, (i * columns + j) * unit, to, (j * rows + i) * unit, unit);
        }
      }
    }
  }

  /** Tensors one behind the other along the first axis. */
  record Stacked(List<Piece> pieces) implements Placement {
    @Override
    public void gather(List<?> arrays, Object ours, int unit) {
      int at = 0;
      for (int i = 0; i < pieces.size(); i++) {
        int length = pieces.get(i).shape.size() * unit;
        System.arraycopy(arrays.get(i), 0, ours, at, length);
        at += length;
      }
    }

    @Override
    public void scatter(Object ours, List<?> arrays, int unit) {
      int at = 0;
      for (int i = 0; i < pieces.size(); i++) {
        int length = pieces.get(i).shape.size() * unit;
        System.arraycopy(ours, at, arrays.get(i), 0, length);
        at += length;
      }
    }
  }
}
