package dev.azimuth.benchmarks;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.pytorch.engine.PtNDManager;
import ai.djl.pytorch.engine.PtSymbolBlock;
import ai.djl.pytorch.jni.IValueUtils;
import ai.djl.pytorch.jni.JniUtils;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.zip.CRC32;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;

/**
 * A function in TorchScript, on libtorch through DJL.
 *
 * <p>It is handed over as a serialized module without attributes (PyTorch, {@code
 * torch/csrc/jit/docs/serialization.md}): a zip with the code and two pickles.
 */
final class TorchModule implements AutoCloseable {
  private static final String CLASS =
      """
      class Peer(Module):
        __parameters__ = []
        __buffers__ = []
      """;
  // protocol 2; an empty tuple; the end
  private static final String NO_CONSTANTS = "\u0080\u0002).";
  // protocol 2; an object of class Peer without arguments; its state, an empty dictionary; the end
  private static final String NO_ATTRIBUTES = "\u0080\u0002c__torch__\nPeer\n)\u0081}b.";

  private final PtSymbolBlock block;

  /**
   * Compiles a method {@code forward} of the class {@code Peer}.
   *
   * @throws IllegalStateException with the text, if libtorch refuses it
   */
  TorchModule(NDManager manager, String method) {
    try (ByteArrayInputStream archive = new ByteArrayInputStream(archive(CLASS + method))) {
      this.block = JniUtils.loadModule((PtNDManager) manager, archive, false, false);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (ai.djl.engine.EngineException e) {
      throw new IllegalStateException("libtorch refuses this text:\n" + method, e);
    }
  }

  private static byte[] archive(String code) throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (ZipOutputStream zip = new ZipOutputStream(bytes)) {
      zip.setMethod(ZipOutputStream.STORED); // libtorch wants it
      entry(zip, "version", "10\n");
      entry(zip, "code/__torch__.py", code);
      entry(zip, "constants.pkl", NO_CONSTANTS);
      entry(zip, "data.pkl", NO_ATTRIBUTES);
    }
    return bytes.toByteArray();
  }

  private static void entry(ZipOutputStream zip, String name, String text) throws IOException {
    byte[] bytes = text.getBytes(StandardCharsets.ISO_8859_1);
    CRC32 crc = new CRC32();
    crc.update(bytes);
    ZipEntry entry = new ZipEntry("peer/" + name);
    entry.setSize(bytes.length);
    entry.setCrc(crc.getValue());
    zip.putNextEntry(entry);
    zip.write(bytes);
  }

  /**
   * Calls it. Operands of one name become one argument, a list.
   *
   * @param isTracked whether operands that require gradients get a history
   */
  NDList forward(NDList operands, boolean isTracked) {
    boolean before = JniUtils.isGradMode();
    JniUtils.setGradMode(isTracked); // off unless asked for, thread by thread
    try {
      return IValueUtils.forward(block, operands, isTracked);
    } finally {
      JniUtils.setGradMode(before);
    }
  }

  /** Calls it with a list of one, for a list of one. */
  NDArray forward(NDArray operand, boolean isTracked) {
    operand.setName("w[]");
    return forward(new NDList(operand), isTracked).singletonOrThrow();
  }

  @Override
  public void close() {
    block.close();
  }
}
