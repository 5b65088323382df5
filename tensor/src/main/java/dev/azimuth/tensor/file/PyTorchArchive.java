package dev.azimuth.tensor.file;

import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Objects;

/**
 * PyTorch's zip: in one folder {@code data.pkl}, the pickle; {@code data/KEY}, the bytes of each
 * storage; {@code version} and perhaps {@code byteorder}. Source: {@code torch/serialization.py}
 * ({@code _load}).
 */
final class PyTorchArchive {
  private static final String PICKLE = "/data.pkl";

  /** What the byte order's file holds at most. */
  private static final long MAX_WORD = 16;

  private PyTorchArchive() {}

  /**
   * Reads the pickle; no storage's bytes are touched.
   *
   * @throws FileFormatException if the archive or the pickle is refused
   */
  static Object read(Path file, MemorySegment whole, MemoryBudget budget)
      throws FileFormatException {
    StoredZip zip = StoredZip.read(file, whole, budget);
    String folder = folder(file, zip);
    MemorySegment order = zip.content(folder + "/byteorder");
    if (order != null && !isLittle(order)) {
      throw new FileFormatException(file, "its numbers are not little-endian");
    }
    MemorySegment pickle = Objects.requireNonNull(zip.content(folder + PICKLE));
    PickleInput in = new PickleInput(file, "data.pkl", pickle, budget);
    TorchObjects.Keys keys =
        (key, type, length) -> {
          budget.take(3L * MemoryBudget.OBJECT + 2L * (folder.length() + key.length()));
          MemorySegment bytes = zip.content(folder + "/data/" + key);
          if (bytes == null) {
            throw in.refuse("storage " + Quoted.of(key) + " is not in the file");
          }
          StorageBytes found = new StorageBytes(type, bytes.byteSize());
          found.arrive(bytes);
          return found;
        };
    return PickleMachine.load(in, new TorchObjects(in, whole.byteSize(), keys));
  }

  private static String folder(Path file, StoredZip zip) throws FileFormatException {
    String folder = null;
    for (String name : zip.names()) {
      if (name.endsWith(PICKLE) && name.indexOf('/') == name.length() - PICKLE.length()) {
        if (folder != null) {
          throw new FileFormatException(file, "the zip holds two checkpoints");
        }
        folder = name.substring(0, name.length() - PICKLE.length());
      }
    }
    if (folder == null) {
      throw new FileFormatException(file, "not a PyTorch checkpoint: the zip has no data.pkl");
    }
    return folder;
  }

  private static boolean isLittle(MemorySegment order) {
    return order.byteSize() <= MAX_WORD
        && new String(order.toArray(ElementType.BYTE), StandardCharsets.US_ASCII)
            .strip()
            .equals("little");
  }
}
