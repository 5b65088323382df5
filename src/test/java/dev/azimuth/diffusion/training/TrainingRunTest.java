package dev.azimuth.diffusion.training;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.azimuth.tensor.Backend;
import dev.azimuth.tensor.cpu.CpuBackend;
import dev.azimuth.tensor.file.FileFormatException;
import dev.azimuth.tensor.file.SafeTensorsWriter;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A training learns, gives the same bits on any thread count, and refuses what it can't do. */
class TrainingRunTest {
  private static final StageListener SILENT = new TinyTraining.SilentListener();

  private final Backend cpu = CpuBackend.simd(1);

  @TempDir private Path folder;

  @AfterEach
  void close() {
    cpu.close();
  }

  private Path run() {
    return folder.resolve("run");
  }

  /** Stops a training after a number of steps. */
  private static final class Interruption extends TinyTraining.SilentListener {
    private static final class Stop extends RuntimeException {
      private static final long serialVersionUID = 1L;
    }

    private int left;

    Interruption(int steps) {
      this.left = steps;
    }

    @Override
    public void step(long step, double loss) {
      if (--left == 0) {
        throw new Stop();
      }
    }
  }

  private void interruptedRun(TrainingConfig config, int steps) throws IOException {
    TrainingRun run = TinyTraining.run(cpu, config, run(), false);
    assertThrows(Interruption.Stop.class, () -> run.run(new Interruption(steps)));
  }

  @Test
  void everyStageLowersItsLoss() throws IOException {
    Map<String, List<Double>> losses = new LinkedHashMap<>();
    TinyTraining.run(cpu, TinyTraining.config(60), run(), false)
        .run(
            new TinyTraining.SilentListener() {
              private String stage = "";

              @Override
              public void begins(String name, long from, long steps) {
                assertEquals(0, from);
                assertEquals(60, steps);
                stage = name;
              }

              @Override
              public void step(long step, double loss) {
                losses.computeIfAbsent(stage, _ -> new ArrayList<>()).add(loss);
                assertEquals(losses.get(stage).size(), step);
              }
            });
    assertEquals(
        List.of("autoencoder", "image_encoder", "noise_prediction"), List.copyOf(losses.keySet()));
    losses.forEach(
        (stage, values) -> {
          double first = mean(values.subList(0, 10));
          double last = mean(values.subList(50, 60));
          assertTrue(last < 0.8 * first, stage + ": from " + first + " to " + last);
        });
  }

  private static double mean(List<Double> values) {
    return values.stream().mapToDouble(Double::doubleValue).average().orElseThrow();
  }

  @Test
  void oneAndThreeThreadsGiveTheSameBits() throws IOException {
    List<byte[]> results = new ArrayList<>();
    for (int threads : List.of(1, 3)) {
      Path own = folder.resolve("threads-" + threads);
      try (Backend backend = CpuBackend.simd(threads)) {
        TinyTraining.run(backend, TinyTraining.config(4), own, false).run(SILENT);
      }
      results.add(Files.readAllBytes(own.resolve("noise_prediction.safetensors")));
    }
    assertArrayEquals(results.get(0), results.get(1));
  }

  @Test
  void anotherSeedGivesOtherBits() throws IOException {
    TrainingConfig config = TinyTraining.config(1);
    TrainingConfig other =
        config.withModel(config.model(), config.conditionViews(), config.seed() + 1);
    TinyTraining.run(cpu, config, run(), false).run(SILENT);
    TinyTraining.run(cpu, other, folder.resolve("other"), false).run(SILENT);
    String result = "noise_prediction.safetensors";
    assertFalse(
        Arrays.equals(
            Files.readAllBytes(run().resolve(result)),
            Files.readAllBytes(folder.resolve("other").resolve(result))));
  }

  @Test
  void anExistingRunNeedsResume() throws IOException {
    interruptedRun(TinyTraining.config(4), 1);
    IOException e =
        assertThrows(
            IOException.class, () -> TinyTraining.run(cpu, TinyTraining.config(4), run(), false));
    assertTrue(e.getMessage().startsWith(run().toString()), e.getMessage());
    assertTrue(e.getMessage().contains("--resume"), e.getMessage());
  }

  @Test
  void aRunIsResumedWithItsOwnConfigurationOnly() throws IOException {
    interruptedRun(TinyTraining.config(4), 1);
    IOException e =
        assertThrows(
            IOException.class, () -> TinyTraining.run(cpu, TinyTraining.config(5), run(), true));
    assertTrue(e.getMessage().contains("training.json"), e.getMessage());
    TinyTraining.run(cpu, TinyTraining.config(4), run(), true);
  }

  @Test
  void noObjectsAreRefused() {
    assertThrows(
        IllegalArgumentException.class,
        () ->
            new TrainingRun(cpu, TinyTraining.config(1), new SyntheticViews(0, 16), run(), false));
    assertFalse(Files.exists(run()));
  }

  @Test
  void viewsOfAnotherSizeAreRefused() throws IOException {
    TrainingRun run =
        new TrainingRun(cpu, TinyTraining.config(1), new SyntheticViews(2, 8), run(), false);
    IllegalArgumentException e =
        assertThrows(IllegalArgumentException.class, () -> run.run(SILENT));
    assertTrue(e.getMessage().contains("16x16"), e.getMessage());
  }

  @Test
  void aLossThatIsNoNumberEndsTheTraining() throws IOException {
    TrainingViews broken =
        new TrainingViews() {
          private final TrainingViews views = TinyTraining.views();

          @Override
          public int objects() {
            return views.objects();
          }

          @Override
          public int views(int object) {
            return views.views(object);
          }

          @Override
          public float[] image(int object, int view) {
            float[] image = views.image(object, view);
            image[5] = Float.NaN;
            return image;
          }

          @Override
          public double[] relativePose(int object, int condition, int target) {
            return views.relativePose(object, condition, target);
          }
        };
    TrainingRun run = new TrainingRun(cpu, TinyTraining.config(1), broken, run(), false);
    ArithmeticException e = assertThrows(ArithmeticException.class, () -> run.run(SILENT));
    assertTrue(e.getMessage().startsWith("autoencoder: the loss of step 1 is NaN"), e.getMessage());
    assertFalse(Files.exists(run().resolve("autoencoder.safetensors")));
  }

  @Test
  void aTruncatedCheckpointIsRefused() throws IOException {
    interruptedRun(TinyTraining.config(6), 4);
    Path checkpoint = run().resolve("autoencoder.checkpoint.safetensors");
    byte[] whole = Files.readAllBytes(checkpoint);
    for (int length : List.of(0, 7, 100, whole.length / 2, whole.length - 1)) {
      Files.write(checkpoint, Arrays.copyOf(whole, length));
      assertRefused(checkpoint);
    }
    Files.write(checkpoint, whole);
    TinyTraining.run(cpu, TinyTraining.config(6), run(), true).run(SILENT);
  }

  @Test
  void aCheckpointOfSomethingElseIsRefused() throws IOException {
    interruptedRun(TinyTraining.config(6), 4);
    Path checkpoint = run().resolve("autoencoder.checkpoint.safetensors");
    List<SafeTensorsWriter> others =
        List.of(
            new SafeTensorsWriter(),
            new SafeTensorsWriter().add("weight", new int[] {1}, new float[1]),
            new SafeTensorsWriter().add("losses", new int[] {1}, new double[1]),
            new SafeTensorsWriter()
                .add("parameter/x", new int[] {1}, new float[1])
                .add("losses", new int[] {1}, new double[1]));
    for (SafeTensorsWriter other : others) {
      other.write(checkpoint);
      assertRefused(checkpoint);
    }
  }

  private void assertRefused(Path checkpoint) throws IOException {
    TrainingRun run = TinyTraining.run(cpu, TinyTraining.config(6), run(), true);
    FileFormatException e = assertThrows(FileFormatException.class, () -> run.run(SILENT));
    assertTrue(e.getMessage().startsWith(checkpoint.toString()), e.getMessage());
    assertFalse(e.getMessage().contains("\n"), e.getMessage());
  }
}
