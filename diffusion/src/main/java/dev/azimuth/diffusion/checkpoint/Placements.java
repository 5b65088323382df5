package dev.azimuth.diffusion.checkpoint;

import dev.azimuth.diffusion.checkpoint.Placement.Piece;
import dev.azimuth.tensor.Shape;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.SequencedMap;
import java.util.Set;

/**
 * Where each parameter of a model lies in a layout. It is built from the model's configuration,
 * module by module, and is one to one: no name is made by replacing parts of another.
 */
final class Placements {
  private final SequencedMap<String, Shape> shapes;
  private final SequencedMap<String, Placement> placed = new LinkedHashMap<>();
  private final Set<String> taken = new HashSet<>();

  /** None yet, for parameters of these names and shapes. */
  Placements(SequencedMap<String, Shape> shapes) {
    this.shapes = shapes;
  }

  /** The shape of one of our parameters. */
  Shape shape(String ours) {
    Shape shape = shapes.get(ours);
    if (shape == null) {
      throw new IllegalStateException("the model has no parameter " + ours);
    }
    return shape;
  }

  /** One parameter, unchanged but in name. */
  void same(String ours, String theirs) {
    same(ours, theirs, shape(ours));
  }

  /** One parameter with the same elements in another shape. */
  void same(String ours, String theirs, Shape shape) {
    put(ours, new Placement.Same(new Piece(theirs, shape)));
  }

  /** A module's weight and bias, those that it has. */
  void module(String ours, String theirs) {
    for (String name : List.of(".weight", ".bias")) {
      if (shapes.containsKey(ours + name)) {
        same(ours + name, theirs + name);
      }
    }
  }

  /** Weight and bias of a 1×1 convolution that is a linear layer there. */
  void linear(String ours, String theirs) {
    Shape weight = shape(ours + ".weight");
    same(ours + ".weight", theirs + ".weight", Shape.of(weight.dim(0), weight.dim(1)));
    same(ours + ".bias", theirs + ".bias");
  }

  /** One parameter, a matrix that is transposed there. */
  void transposed(String ours, String theirs) {
    Shape shape = shape(ours);
    Piece piece = new Piece(theirs, Shape.of(shape.dim(1), shape.dim(0)));
    put(ours, new Placement.Transposed(piece));
  }

  /** One parameter whose rows are stored in tensors of equally many rows. */
  void stacked(String ours, List<String> theirs) {
    int[] dims = shape(ours).toArray();
    dims[0] /= theirs.size();
    Shape shape = Shape.of(dims);
    put(ours, new Placement.Stacked(theirs.stream().map(name -> new Piece(name, shape)).toList()));
  }

  private void put(String ours, Placement placement) {
    shape(ours);
    if (placed.put(ours, placement) != null) {
      throw new IllegalStateException(ours + " is placed twice");
    }
    for (Piece piece : placement.pieces()) {
      if (!taken.add(piece.name())) {
        throw new IllegalStateException("two parameters are stored as " + piece.name());
      }
    }
  }

  /** All of them, in the model's order; every parameter must have been placed. */
  SequencedMap<String, Placement> all() {
    SequencedMap<String, Placement> ordered = new LinkedHashMap<>();
    for (String ours : shapes.keySet()) {
      Placement placement = placed.get(ours);
      if (placement == null) {
        throw new IllegalStateException(ours + " has no place");
      }
      ordered.put(ours, placement);
    }
    return ordered;
  }
}
