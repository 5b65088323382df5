package dev.azimuth.kernels;

import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import jcuda.driver.CUresult;
import jcuda.driver.JCudaDriver;
import org.jspecify.annotations.Nullable;

/**
 * JCuda's natives, loaded once. A class that failed to load fails differently ever after, so the
 * first reason is kept.
 */
final class JCudaLibrary {
  private static @Nullable String missing;
  private static boolean tried;

  private JCudaLibrary() {}

  /**
   * Loads the natives and starts the driver.
   *
   * @throws CudaUnavailableException with one line that says what is missing
   */
  static synchronized void load() {
    if (!tried) {
      tried = true;
      missing = start();
    }
    if (missing != null) {
      throw new CudaUnavailableException(missing);
    }
  }

  /** What is missing, or null. */
  private static @Nullable String start() {
    try {
      unpacking(() -> JCudaDriver.setExceptionsEnabled(false));
      int status = JCudaDriver.cuInit(0);
      return status == CUresult.CUDA_SUCCESS ? null : "cuInit: " + CUresult.stringFor(status);
    } catch (LinkageError e) {
      return reason(e);
    } catch (UncheckedIOException e) {
      return e.getMessage();
    }
  }

  /**
   * Runs what first touches a class of JCuda's, which unpacks its natives to fixed names: in a
   * folder of its own, as others' may lie there, or other versions'.
   *
   * @throws UncheckedIOException if there is no room for them
   * @throws LinkageError if they can't be loaded
   */
  static synchronized void unpacking(Runnable firstTouch) {
    String shared = System.getProperty("java.io.tmpdir");
    Path own = null;
    try {
      own = Files.createTempDirectory("azimuth-jcuda");
      System.setProperty("java.io.tmpdir", own.toString());
      firstTouch.run();
    } catch (IOException e) {
      throw new UncheckedIOException(
          "JCuda's natives can't be unpacked below " + shared + ": " + e.getMessage(), e);
    } finally {
      System.setProperty("java.io.tmpdir", shared);
      if (own != null) {
        forget(own.toFile());
      }
    }
  }

  /** Deletes what was unpacked, at the latest when the program ends. */
  private static void forget(File folder) {
    folder.deleteOnExit(); // the last to be registered go first
    File[] files = folder.listFiles();
    for (File file : files == null ? new File[0] : files) {
      if (!file.delete()) {
        file.deleteOnExit();
      }
    }
  }

  private static String reason(LinkageError error) {
    String message = String.valueOf(error.getMessage());
    if (message.contains("libcuda") || message.contains("nvcuda")) {
      return "no NVIDIA driver is installed: its library (libcuda.so.1) can't be loaded";
    }
    if (message.contains("No resource found")) {
      return "JCuda has no natives for %s on %s here"
          .formatted(System.getProperty("os.name"), System.getProperty("os.arch"));
    }
    return "JCuda can't be loaded: " + message.lines().findFirst().orElse("unknown reason");
  }
}
