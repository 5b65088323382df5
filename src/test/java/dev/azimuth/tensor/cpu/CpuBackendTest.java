package dev.azimuth.tensor.cpu;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.azimuth.tensor.Backend;
import dev.azimuth.tensor.Buffer;
import dev.azimuth.tensor.DType;
import java.io.File;
import java.io.IOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

final class CpuBackendTest {
  /** What a program sees that opens the fast backend twice. */
  static final class OpenTwice {
    public static void main(String[] args) {
      try (Backend first = CpuBackend.simd(1);
          Backend second = CpuBackend.simd(2)) {
        System.out.println(first.name() + " " + second.name());
      }
    }
  }

  @Test
  void withoutTheVectorModuleFallsBackAndSaysWhyOnce() throws Exception {
    Result result = openTwice();
    assertEquals("cpu:scalar cpu:scalar", result.out.strip());
    List<String> reasons =
        result.err.lines().filter(line -> line.contains("falls back to cpu:scalar")).toList();
    assertEquals(1, reasons.size(), result.err);
    assertTrue(
        reasons.getFirst().contains("--add-modules jdk.incubator.vector"), reasons.getFirst());
  }

  @Test
  void withTheVectorModuleStaysSilent() throws Exception {
    Result result = openTwice("--add-modules", "jdk.incubator.vector");
    assertEquals("cpu:simd cpu:simd", result.out.strip());
    assertTrue(result.err.lines().allMatch(line -> line.contains("incubator")), result.err);
  }

  private record Result(String out, String err) {}

  private static Result openTwice(String... options) throws IOException, InterruptedException {
    String classPath =
        Stream.of(CpuBackend.class, OpenTwice.class)
            .map(c -> c.getProtectionDomain().getCodeSource().getLocation())
            .map(url -> Path.of(URI.create(url.toString())).toString())
            .distinct()
            .collect(Collectors.joining(File.pathSeparator));
    String java = Path.of(System.getProperty("java.home"), "bin", "java").toString();
    List<String> command =
        Stream.of(
                Stream.of(java, "-XX:+UseSerialGC"),
                Stream.of(options),
                Stream.of("-cp", classPath, OpenTwice.class.getName()))
            .flatMap(s -> s)
            .toList();
    Process process = new ProcessBuilder(command).start();
    process.getOutputStream().close();
    String out = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    String err = new String(process.getErrorStream().readAllBytes(), StandardCharsets.UTF_8);
    assertEquals(0, process.waitFor(), err);
    return new Result(out, err);
  }

  @ParameterizedTest
  @EnumSource(DType.class)
  void whatGoesUpComesDown(DType dtype) {
    for (Backend backend : List.of(CpuBackend.scalar(1), CpuBackend.simd(2))) {
      try (backend) {
        Buffer buffer = backend.allocate(dtype, 3);
        assertArrayEquals(new double[3], backend.downloadDoubles(buffer));
        backend.upload(new double[] {0.1, -2, 1e30}, buffer);
        assertArrayEquals(new float[] {0.1f, -2, 1e30f}, backend.downloadFloats(buffer));
        backend.upload(new float[] {0.1f, 5, -0f}, buffer);
        double[] copy = backend.downloadDoubles(buffer);
        assertArrayEquals(new double[] {0.1f, 5, -0.0}, copy);
        copy[1] = 7;
        assertEquals(5, backend.downloadDoubles(buffer)[1]);
      }
    }
  }

  @ParameterizedTest
  @EnumSource(DType.class)
  void uploadRefusesAnotherLength(DType dtype) {
    try (Backend backend = CpuBackend.simd(1)) {
      Buffer buffer = backend.allocate(dtype, 3);
      String wanted = "upload: lengths must agree, 2 values for a buffer of 3";
      assertEquals(
          wanted,
          assertThrows(IllegalArgumentException.class, () -> backend.upload(new float[2], buffer))
              .getMessage());
      assertEquals(
          wanted,
          assertThrows(IllegalArgumentException.class, () -> backend.upload(new double[2], buffer))
              .getMessage());
    }
  }

  @Test
  void needsAThread() {
    assertThrows(IllegalArgumentException.class, () -> CpuBackend.scalar(0));
    assertThrows(IllegalArgumentException.class, () -> CpuBackend.simd(0));
  }
}
