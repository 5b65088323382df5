package dev.azimuth.app.replay;

import dev.azimuth.tensor.file.ElementType;
import dev.azimuth.tensor.file.SafeTensors;
import dev.azimuth.tensor.file.SafeTensorsWriter;
import dev.azimuth.tensor.file.TestFiles;
import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Consumer;
import java.util.function.Predicate;

/** A record made by a test, from nothing or from a stored one. */
public final class RecordFile {
  private final Map<String, String> metadata = new LinkedHashMap<>();
  private final Map<String, Consumer<SafeTensorsWriter>> tensors = new LinkedHashMap<>();

  /** A record of a kind with this configuration, whose tensors are still to come. */
  public static RecordFile of(String kind, String config) {
    return new RecordFile().metadata("kind", kind).config(config).metadata("tolerance", "1e-6");
  }

  /** A stored record without the tensors whose names are refused. */
  public static RecordFile copyOf(String name, Predicate<String> kept) throws IOException {
    RecordFile copy = new RecordFile();
    try (SafeTensors stored = SafeTensors.open(TestFiles.reference(name + ".safetensors"))) {
      copy.metadata.putAll(stored.metadata());
      for (SafeTensors.Entry entry : stored.entries().values()) {
        if (!kept.test(entry.name())) {
          continue;
        }
        if (entry.type() == ElementType.I64) {
          copy.longs(entry.name(), entry.shape(), entry.longs());
        } else {
          copy.floats(entry.name(), entry.shape(), entry.floats());
        }
      }
    }
    return copy;
  }

  /** Sets or replaces a metadata value. */
  public RecordFile metadata(String key, String value) {
    metadata.put(key, value);
    return this;
  }

  /** Sets or replaces the configuration. */
  public RecordFile config(String json) {
    return metadata("config", json);
  }

  /** The configuration with a part of its text replaced. */
  public RecordFile config(String part, String replacement) {
    return config(metadata.get("config").replace(part, replacement));
  }

  /** Sets or replaces a tensor of float32. */
  public RecordFile floats(String name, int[] shape, float... values) {
    tensors.put(name, writer -> writer.add(name, shape, values));
    return this;
  }

  /** Sets or replaces a tensor of integers. */
  public RecordFile longs(String name, int[] shape, long... values) {
    tensors.put(name, writer -> writer.add(name, shape, values));
    return this;
  }

  /** Writes it. */
  public Path write(Path file) throws IOException {
    SafeTensorsWriter writer = new SafeTensorsWriter();
    metadata.forEach(writer::metadata);
    tensors.values().forEach(tensor -> tensor.accept(writer));
    writer.write(file);
    return file;
  }
}
