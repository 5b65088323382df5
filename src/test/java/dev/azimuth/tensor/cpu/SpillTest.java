package dev.azimuth.tensor.cpu;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;
import org.junit.jupiter.api.io.TempDir;

/**
 * Holds the microkernels' accumulators in registers: one on the stack halves their speed. C2 is
 * asked for code of 16 vector registers (AVX2), whatever this machine has.
 */
@EnabledIfSystemProperty(named = "os.arch", matches = "amd64", disabledReason = "reads x86-64 code")
final class SpillTest {
  private static final String BLOCK = RegisterBlock.class.getName();
  private static final String CROWDED = CrowdedLoop.class.getName() + "::crowded";

  @TempDir private Path folder;

  @Test
  void microkernelsKeepTheirVectorsInRegisters() throws Exception {
    Map<String, Integer> reloads = reloads();
    for (String method : List.of(BLOCK + "::multiply", BLOCK + "::multiplyInterleaved", CROWDED)) {
      assertTrue(reloads.containsKey(method), method + " was not compiled, only " + reloads);
    }
    assertTrue(reloads.get(CROWDED) > 0, "18 vectors in 16 registers: the check sees no spill");
    assertEquals(0, reloads.get(BLOCK + "::multiply"));
    assertEquals(0, reloads.get(BLOCK + "::multiplyInterleaved"));
  }

  @Test
  void loadsFromTheStackAreToldFromOthers() {
    assertEquals(1, reloadsIn("c5fe6f442420")); // vmovdqu ymm0, [rsp + 32]
    assertEquals(1, reloadsIn("c57e6f8c2480000000")); // vmovdqu ymm9, [rsp + 128]
    assertEquals(1, reloadsIn("62f1fe486f442401")); // vmovdqu64 zmm0, [rsp + 64]
    assertEquals(0, reloadsIn("c5fe7f442420")); // vmovdqu [rsp + 32], ymm0
    assertEquals(0, reloadsIn("c5fe6f4610c5fe6f4630")); // vmovdqu ymm0, [rsi + 16]: an operand
    assertEquals(0, reloadsIn("c5fa10442408c5fa10442410")); // vmovss xmm0, [rsp + 8]: a scalar
    assertEquals(0, reloadsIn("c4c17e6f442420")); // vmovdqu ymm0, [r12 + 32]
  }

  private static int reloadsIn(String hex) {
    // padded, as code never ends in a move
    return new MachineCode("m", HexFormat.of().parseHex(hex + "90909090")).vectorReloads();
  }

  /** Each compiled method's loads of vectors from the stack, of its last code. */
  private Map<String, Integer> reloads() throws IOException, InterruptedException {
    Path printed = folder.resolve("printed");
    Process process =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "--add-modules",
                "jdk.incubator.vector",
                "-Xbatch",
                "-XX:UseAVX=2",
                "-XX:+UnlockDiagnosticVMOptions",
                "-XX:CompileCommand=quiet",
                "-XX:CompileCommand=print," + BLOCK + "::*",
                "-XX:CompileCommand=print," + CROWDED,
                "-XX:CompileCommand=dontinline," + CROWDED,
                "-cp",
                System.getProperty("java.class.path"),
                CrowdedLoop.class.getName())
            .redirectErrorStream(true)
            .redirectOutput(printed.toFile())
            .start();
    assertTrue(process.waitFor(5, TimeUnit.MINUTES), "the JVM hangs");
    List<String> lines = Files.readAllLines(printed, StandardCharsets.ISO_8859_1);
    assertEquals(0, process.exitValue(), () -> String.join("\n", lines));
    List<MachineCode> methods = MachineCode.read(lines);
    assertFalse(methods.isEmpty(), () -> "no code among what it printed:\n" + lines);
    return methods.stream()
        .collect(
            Collectors.toMap(
                MachineCode::method, MachineCode::vectorReloads, (earlier, later) -> later));
  }
}
