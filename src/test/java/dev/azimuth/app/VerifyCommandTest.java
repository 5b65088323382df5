package dev.azimuth.app;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.azimuth.app.replay.RecordFile;
import dev.azimuth.app.replay.ReplayRecord;
import dev.azimuth.tensor.file.TestFiles;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Records in, a line for each of their outputs and gradients and a status out. */
final class VerifyCommandTest {
  @TempDir Path folder;

  private static Path record(String name) {
    return TestFiles.reference(name + ".safetensors");
  }

  private Path write(RecordFile record, String name) throws IOException {
    return record.write(folder.resolve(name + ".safetensors"));
  }

  @Test
  void everyOutputAndGradientHasItsLine() {
    Console done =
        Console.run("verify ? ?", record("linear--bias"), record("clip_preprocess--64-to-56"));
    assertEquals(0, done.status(), done.err());
    assertEquals("", done.err());
    List<String> lines = done.out().lines().toList();
    assertEquals("linear--bias", lines.get(0));
    List<String> names =
        lines.subList(1, 5).stream().map(line -> line.strip().split(" +")[0]).toList();
    assertEquals(
        List.of("output.y", "grad.input.x", "grad.weight.bias", "grad.weight.weight"), names);
    for (String line : lines.subList(1, 5)) {
      assertTrue(line.matches(".* error \\d\\.\\d\\de[-+]\\d\\d  tolerance 1\\.0e-05  ok"), line);
    }
    assertEquals("clip_preprocess--64-to-56", lines.get(5));
    assertEquals(
        "2 records: 2 ok, 0 missed, 0 refused; 5 of 5 outputs and gradients ok", lines.getLast());
  }

  @ParameterizedTest
  @ValueSource(strings = {"cpu", "cpu:scalar"})
  void aMissIsSaidWithItsPlaceAndTheOthersRun(String device) throws IOException {
    float[] b = ReplayRecord.read(record("matmul--broadcast")).tensor("grad.input.b").floats();
    b[0] *= 1.1f;
    Path wrong =
        write(
            RecordFile.copyOf("matmul--broadcast", name -> true)
                .floats("grad.input.b", new int[] {2, 5, 7}, b),
            "wrong");
    Console done =
        Console.run("verify ? ? --device ? --threads 1", wrong, record("silu--range"), device);
    assertEquals(1, done.status(), done.err());
    assertEquals("", done.err());
    List<String> missed = done.out().lines().filter(line -> line.contains("MISS")).toList();
    assertEquals(1, missed.size(), done.out());
    assertTrue(missed.getFirst().strip().startsWith("grad.input.b "), done.out());
    assertTrue(missed.getFirst().contains("[0, 0, 0]"), done.out());
    assertTrue(done.out().contains("silu--range"), done.out());
    assertTrue(done.out().contains("2 records: 1 ok, 1 missed, 0 refused"), done.out());
  }

  @Test
  void unknownKindsAndUnreadableFilesAreNamedAndTheOthersRun() throws IOException {
    Path unknown =
        write(RecordFile.copyOf("gelu--range", name -> true).metadata("kind", "sulu"), "sulu");
    Path cut = folder.resolve("cut.safetensors");
    Files.write(cut, Arrays.copyOf(Files.readAllBytes(record("silu--range")), 700));
    Path missing = folder.resolve("missing.safetensors");
    Path notRecord = TestFiles.reference("formats/views.safetensors");
    Console done =
        Console.run(
            "verify ? ? ? ? ? ?", unknown, cut, missing, folder, notRecord, record("silu--range"));
    assertEquals(2, done.status(), done.err());
    List<String> reasons = done.err().lines().toList();
    assertEquals(5, reasons.size(), done.err());
    int line = 0;
    for (Path file : List.of(unknown, cut, missing, folder, notRecord)) {
      String reason = reasons.get(line++);
      assertTrue(reason.startsWith("azimuth: "), reason);
      assertTrue(reason.contains(file + ": "), reason);
      assertFalse(reason.contains("internal error") || reason.contains("Exception"), reason);
    }
    assertTrue(reasons.getFirst().endsWith("unknown kind sulu"), reasons.getFirst());
    assertTrue(done.out().contains("6 records: 1 ok, 0 missed, 5 refused"), done.out());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{}",
        "{\"num_groups\": \"32\", \"num_channels\": 64, \"eps\": 1e-05}",
        "{\"num_groups\": 2.5, \"num_channels\": 64, \"eps\": 1e-05}",
        "{\"num_groups\": 7, \"num_channels\": 64, \"eps\": 1e-05}",
        "[]",
        "{"
      })
  void configurationsThatDoNotFitAreRefused(String config) throws IOException {
    Path record =
        write(RecordFile.copyOf("group_norm--eps1e-6", name -> true).config(config), "misfit");
    Console done = Console.run("verify ?", record);
    assertEquals(2, done.status(), done.out());
    assertEquals(1, done.err().lines().count(), done.err());
    assertTrue(done.err().contains(record.toString()), done.err());
    assertFalse(done.err().contains("internal error"), done.err());
  }

  @Test
  void oneTokenMayTakeThePathWithoutAttention() {
    Console done =
        Console.run(
            "verify --collapse ? ?",
            record("cross_attention--context1"),
            record("cross_attention--context2"));
    assertEquals(0, done.status(), done.out() + done.err());
    List<String> queries =
        done.out().lines().filter(line -> line.contains("grad.weight.to_q.weight")).toList();
    assertTrue(queries.getFirst().contains("error 0.00e+00"), done.out());
    assertFalse(queries.getLast().contains("error 0.00e+00"), done.out());
  }
}
