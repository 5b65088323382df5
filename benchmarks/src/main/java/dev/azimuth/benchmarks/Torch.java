package dev.azimuth.benchmarks;

import ai.djl.engine.Engine;
import ai.djl.ndarray.NDManager;
import ai.djl.pytorch.jni.JniUtils;
import java.nio.file.Path;

/** libtorch in this JVM. */
final class Torch {
  private static final String ENGINE = "PyTorch";
  private static final String THP = "THP_MEM_ALLOC_ENABLE";

  private Torch() {}

  /**
   * Opens it, with this many threads.
   *
   * @throws IllegalStateException if it isn't there, or isn't at its best here
   */
  static NDManager open(int threads) {
    System.setProperty("ai.djl.offline", "true");
    System.setProperty("DJL_CACHE_DIR", cache().toString());
    if (!"1".equals(System.getenv(THP))) {
      throw new IllegalStateException(
          "libtorch is slower without %s=1 in the environment; ./azimuth bench sets it"
              .formatted(THP));
    }
    NDManager manager;
    try {
      manager = NDManager.newBaseManager(ENGINE);
    } catch (RuntimeException | LinkageError e) {
      throw new IllegalStateException(
          "libtorch isn't here: ./azimuth bench builds with it, on Linux on x86-64 alone", e);
    }
    JniUtils.setGraphExecutorOptimize(false); // the interpreter runs ATen's operators as they are
    JniUtils.setNumThreads(threads);
    return manager;
  }

  /** Its version; it must be open. */
  static String version() {
    return Engine.getEngine(ENGINE).getVersion();
  }

  /** Where its library, 450 MB unpacked, lies: beside the benchmarks' jar. */
  private static Path cache() {
    String jar =
        System.getProperty("java.class.path").split(System.getProperty("path.separator"))[0];
    Path folder = Path.of(jar).toAbsolutePath().getParent();
    return (folder == null ? Path.of("") : folder).resolve("libtorch");
  }
}
