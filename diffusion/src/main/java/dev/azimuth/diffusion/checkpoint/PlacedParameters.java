package dev.azimuth.diffusion.checkpoint;

import dev.azimuth.diffusion.checkpoint.Placement.Piece;
import dev.azimuth.tensor.Shape;
import dev.azimuth.tensor.file.ElementType;
import dev.azimuth.tensor.file.FileFormatException;
import dev.azimuth.tensor.file.StoredTensor;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SequencedMap;
import java.util.Set;

/** Parameters in stored tensors of a layout, read where and when a network asks for them. */
final class PlacedParameters implements TypedParameters {
  private final ModelFiles files;
  private final SequencedMap<String, Shape> shapes;
  private final SequencedMap<String, Placement> placements;

  /** Parameters whose pieces are all there, with acceptable shapes. */
  PlacedParameters(
      ModelFiles files,
      SequencedMap<String, Shape> shapes,
      SequencedMap<String, Placement> placements) {
    this.files = files;
    this.shapes = shapes;
    this.placements = placements;
  }

  @Override
  public Set<String> names() {
    return placements.sequencedKeySet();
  }

  @Override
  public Shape shape(String name) {
    return known(shapes, name);
  }

  @Override
  public float[] values(String name) {
    Placement placement = known(placements, name);
    try {
      List<float[]> arrays = new ArrayList<>();
      for (Piece piece : placement.pieces()) {
        arrays.add(files.tensor(piece.name()).floats());
      }
      if (placement instanceof Placement.Same) {
        return arrays.get(0);
      }
      float[] ours = new float[shape(name).size()];
      placement.gather(arrays, ours, 1);
      return ours;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Override
  public ElementType type(String name) {
    Piece first = known(placements, name).pieces().get(0);
    return known(files.tensors(), first.name()).type();
  }

  @Override
  public byte[] bytes(String name) throws IOException {
    Placement placement = known(placements, name);
    ElementType type = type(name);
    List<byte[]> arrays = new ArrayList<>();
    for (Piece piece : placement.pieces()) {
      StoredTensor tensor = files.tensor(piece.name());
      if (tensor.type() != type) {
        throw new FileFormatException(
            files.path(),
            "the parts of %s are stored as %s and %s".formatted(name, type, tensor.type()));
      }
      arrays.add(tensor.bytes());
    }
    if (placement instanceof Placement.Same) {
      return arrays.get(0);
    }
    byte[] ours = new byte[shape(name).size() * type.bytes()];
    placement.gather(arrays, ours, type.bytes());
    return ours;
  }

  private static <V> V known(Map<String, ? extends V> map, String name) {
    V value = map.get(name);
    if (value == null) {
      throw new IllegalArgumentException("no parameter named " + name);
    }
    return value;
  }
}
