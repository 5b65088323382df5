package dev.azimuth.tensor.file;

import java.nio.file.Path;
import java.util.Collection;
import java.util.Map;
import java.util.SequencedMap;

/**
 * An open file of named tensors, whatever its format. Opening reads no tensor; the tensors are read
 * one at a time, and not after {@link #close}.
 */
public interface TensorFile extends AutoCloseable {
  /** The file that is open. */
  Path file();

  /** The strings that it holds beside its tensors; empty if there are none. */
  Map<String, String> metadata();

  /** All tensors by name, in the file's order. */
  SequencedMap<String, ? extends StoredTensor> entries();

  /** All names, in the file's order. */
  default Collection<String> names() {
    return entries().keySet();
  }

  /**
   * The tensor of that name.
   *
   * @throws FileFormatException if there is none
   */
  default StoredTensor entry(String name) throws FileFormatException {
    StoredTensor entry = entries().get(name);
    if (entry == null) {
      throw new FileFormatException(file(), "there is no tensor " + Quoted.of(name));
    }
    return entry;
  }

  @Override
  void close();
}
