package dev.azimuth.app.replay;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.azimuth.app.replay.ReplayRecord.Values;
import dev.azimuth.nn.Linear;
import dev.azimuth.nn.ParameterException;
import dev.azimuth.tensor.Backend;
import dev.azimuth.tensor.Shape;
import dev.azimuth.tensor.cpu.CpuBackend;
import dev.azimuth.tensor.file.FileFormatException;
import dev.azimuth.tensor.file.TestFiles;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The comparison must be able to fail: at each record's own tolerance, on each of its tensors. */
class ReplayComparisonTest {
  static List<ReplayRecord> records() throws IOException {
    return ReplayRecords.all();
  }

  @ParameterizedTest
  @MethodSource("records")
  void rejectsZerosAndOnePercentAndAShift(ReplayRecord record) {
    record
        .tensors()
        .forEach(
            (name, values) -> {
              if (name.startsWith("output.") || name.startsWith("grad.")) {
                rejectsWrongOnes(record, name, values);
              }
            });
  }

  private static void rejectsWrongOnes(ReplayRecord record, String name, Values values) {
    double[] expected = values.elements();
    assertTrue(passes(record, name, expected), name);
    if (Arrays.stream(expected).allMatch(v -> v == 0)) {
      double tooMuch = 2 * record.tolerance() * ReplayComparison.scale(record);
      double[] off = expected.clone();
      off[0] = tooMuch > 0 ? tooMuch : Float.MIN_VALUE;
      assertFalse(passes(record, name, off), name);
      return;
    }
    assertFalse(passes(record, name, new double[expected.length]), name);
    assertFalse(passes(record, name, Arrays.stream(expected).map(v -> 1.01 * v).toArray()), name);
    assertFalse(passes(record, name, fill(expected.length, Double.NaN)), name);
    if (Arrays.stream(expected).distinct().count() > 1) {
      assertFalse(passes(record, name, shifted(expected)), name);
    }
  }

  private static boolean passes(ReplayRecord record, String name, double[] got) {
    return ReplayComparison.of(record, name, record.tensor(name).shape(), got).passes();
  }

  private static double[] fill(int size, double value) {
    double[] x = new double[size];
    Arrays.fill(x, value);
    return x;
  }

  private static double[] shifted(double[] x) {
    double[] y = new double[x.length];
    System.arraycopy(x, 0, y, 1, x.length - 1);
    y[0] = x[x.length - 1];
    return y;
  }

  private static ReplayRecord linear() throws IOException {
    return ReplayRecord.read(TestFiles.reference("linear--bias.safetensors"));
  }

  @Test
  void rejectsAnotherShape() throws IOException {
    ReplayRecord record = linear();
    double[] y = record.tensor("output.y").elements();
    ReplayComparison comparison = ReplayComparison.of(record, "output.y", Shape.of(y.length), y);
    assertEquals(Double.POSITIVE_INFINITY, comparison.error());
    assertFalse(comparison.passes());
  }

  @Test
  void aWrongComputationMisses() throws IOException {
    ReplayRecord record = linear();
    // the bias twice: its gradient doubles too
    ReplayKind wrong =
        r ->
            Map.of(
                "y",
                r.input("x").linear(r.weight("weight"), r.weight("bias")).add(r.weight("bias")));
    try (Backend cpu = CpuBackend.scalar(1)) {
      List<String> missed =
          Replay.of(record, wrong, cpu).stream()
              .filter(comparison -> !comparison.passes())
              .map(ReplayComparison::tensor)
              .toList();
      assertEquals(List.of("output.y", "grad.weight.bias"), missed);
    }
  }

  @Test
  void modulesGetTheirWeightsByName() throws IOException {
    ReplayRecord record = linear();
    ReplayKind module = r -> Map.of("y", Linear.of(r.parameters(), 7, 4).forward(r.input("x")));
    ReplayKind misnamed =
        r -> Map.of("y", Linear.of(r.parameters().at("inner"), 7, 4).forward(r.input("x")));
    try (Backend cpu = CpuBackend.scalar(1)) {
      List<ReplayComparison> comparisons = Replay.of(record, module, cpu);
      assertEquals(4, comparisons.size());
      assertTrue(comparisons.stream().allMatch(ReplayComparison::passes));
      assertThrows(ParameterException.class, () -> Replay.of(record, misnamed, cpu));
    }
  }

  @Test
  void aDroppedGradientMisses() throws IOException {
    ReplayRecord record = linear();
    ReplayKind wrong =
        r -> Map.of("y", r.input("x").linear(r.weight("weight").detached(), r.weight("bias")));
    try (Backend cpu = CpuBackend.scalar(1)) {
      assertTrue(
          Replay.of(record, wrong, cpu).stream()
              .anyMatch(c -> c.tensor().equals("grad.weight.weight") && !c.passes()));
    }
  }

  @Test
  void everyOutputAndWeightMustTakePart() throws IOException {
    ReplayRecord record = linear();
    try (Backend cpu = CpuBackend.scalar(1)) {
      assertThrows(IllegalStateException.class, () -> Replay.of(record, r -> Map.of(), cpu));
      ReplayKind forgetsBias = r -> Map.of("y", r.input("x").linear(r.weight("weight"), null));
      String message =
          assertThrows(IllegalStateException.class, () -> Replay.of(record, forgetsBias, cpu))
              .getMessage();
      assertTrue(message.contains("[bias]"), message);
    }
  }

  @Test
  void unknownKindsAreRefused(@TempDir Path folder) throws IOException {
    byte[] bytes = Files.readAllBytes(TestFiles.reference("silu--range.safetensors"));
    String text = new String(bytes, StandardCharsets.ISO_8859_1);
    Path file = folder.resolve("sulu--range.safetensors");
    Files.write(
        file,
        text.replace("\"kind\":\"silu\"", "\"kind\":\"sulu\"")
            .replace("\"kind\": \"silu\"", "\"kind\": \"sulu\"")
            .getBytes(StandardCharsets.ISO_8859_1));
    ReplayRecord record = ReplayRecord.read(file);
    assertEquals("sulu", record.kind());
    assertThrows(IllegalArgumentException.class, () -> ReplayKinds.of(record));
  }

  @Test
  void filesThatAreNoRecordsAreRefused() {
    assertThrows(
        FileFormatException.class,
        () -> ReplayRecord.read(TestFiles.reference("formats/views.safetensors")));
  }
}
