package dev.azimuth.diffusion;

import dev.azimuth.nn.ParameterSource;
import dev.azimuth.tensor.Shape;
import dev.azimuth.tensor.file.ElementType;
import dev.azimuth.tensor.file.FileFormatException;
import dev.azimuth.tensor.file.SafeTensors;
import dev.azimuth.tensor.file.SafeTensorsWriter;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Set;

/** Parameters in a safetensors file, read where and when a network asks for them. */
public final class StoredParameters implements ParameterSource {
  private final SafeTensors file;
  private final Set<String> names;

  /** The parameters of an open file whose names begin with {@code prefix}. */
  public StoredParameters(SafeTensors file, String prefix) {
    this.file = file;
    this.names = new LinkedHashSet<>();
    for (String name : file.names()) {
      if (name.startsWith(prefix)) {
        names.add(name);
      }
    }
  }

  @Override
  public Set<String> names() {
    return names;
  }

  @Override
  public Shape shape(String name) {
    return Shape.of(entry(name).shape());
  }

  @Override
  public float[] values(String name) {
    try {
      return entry(name).floats();
    } catch (FileFormatException e) {
      throw new UncheckedIOException(e);
    }
  }

  private SafeTensors.Entry entry(String name) {
    try {
      return file.entry(name);
    } catch (FileFormatException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Writes parameters in one file, stored in {@code type}, whole or not at all. */
  public static void write(Path path, Map<String, Stored> parameters, ElementType type)
      throws IOException {
    SafeTensorsWriter writer = new SafeTensorsWriter();
    parameters.forEach(
        (name, stored) -> writer.add(name, stored.shape().toArray(), stored.values(), type));
    writer.write(path);
  }
}
