package dev.azimuth.diffusion.checkpoint;

import dev.azimuth.tensor.file.FileFormatException;
import dev.azimuth.tensor.file.PyTorchCheckpoint;
import dev.azimuth.tensor.file.PyTorchCheckpointWriter;
import dev.azimuth.tensor.file.SafeTensors;
import dev.azimuth.tensor.file.SafeTensorsWriter;
import dev.azimuth.tensor.file.TensorFile;
import dev.azimuth.tensor.file.TensorWriter;
import java.io.IOException;
import java.io.InputStream;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/** Files of tensors in the formats that models are published in. */
final class TensorFiles {
  private static final int START_BYTES = 64;

  private TensorFiles() {}

  /**
   * Opens a file, whose format shows in its first bytes.
   *
   * @throws IOException if it can't be read or is no sound file of any format
   */
  static TensorFile open(Path file) throws IOException {
    if (!Files.isRegularFile(file)) {
      throw new FileFormatException(file, Files.exists(file) ? "not a file" : "no such file");
    }
    byte[] start;
    try (InputStream in = Files.newInputStream(file)) {
      start = in.readNBytes(START_BYTES);
    }
    // a header's length may begin with the byte that a pickle begins with, so this is asked first
    return !beginsWithHeader(start) && PyTorchCheckpoint.matches(start)
        ? PyTorchCheckpoint.open(file)
        : SafeTensors.open(file);
  }

  /** Whether a length below 4 GB and a JSON object come first, as in safetensors. */
  private static boolean beginsWithHeader(byte[] start) {
    ByteBuffer bytes = ByteBuffer.wrap(start).order(ByteOrder.LITTLE_ENDIAN);
    return start.length > Long.BYTES
        && bytes.getLong(0) >>> Integer.SIZE == 0
        && start[Long.BYTES] == '{';
  }

  /** Whether an open file is in the safetensors format. */
  static boolean isSafeTensors(TensorFile file) {
    return file instanceof SafeTensors;
  }

  /** Writes a safetensors file, whole or not at all. */
  static void writeSafeTensors(
      Path file, List<OutgoingTensor> tensors, Map<String, String> metadata) throws IOException {
    SafeTensorsWriter writer = new SafeTensorsWriter();
    writer.metadata("format", "pt"); // transformers and diffusers refuse files that don't say so
    metadata.forEach(writer::metadata);
    add(tensors, writer);
    writer.write(file);
  }

  /** Writes a PyTorch checkpoint whose state dict holds the tensors, whole or not at all. */
  static void writeCheckpoint(Path file, List<OutgoingTensor> tensors, Map<String, String> metadata)
      throws IOException {
    PyTorchCheckpointWriter writer = new PyTorchCheckpointWriter();
    metadata.forEach(
        (key, value) -> {
          if (value.matches("\\d{1,18}")) {
            writer.value(key, Long.parseLong(value));
          } else {
            writer.value(key, value);
          }
        });
    add(tensors, writer);
    writer.write(file);
  }

  private static void add(List<OutgoingTensor> tensors, TensorWriter<?> writer) {
    for (OutgoingTensor tensor : tensors) {
      writer.add(
          tensor.name(),
          tensor.shape().toArray(),
          tensor.type(),
          () -> MemorySegment.ofArray(tensor.content().bytes()));
    }
  }
}
