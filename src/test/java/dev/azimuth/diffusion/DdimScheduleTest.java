package dev.azimuth.diffusion;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.azimuth.diffusion.DdimSchedule.Rule;
import dev.azimuth.diffusion.DdimSchedule.Step;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class DdimScheduleTest {
  private static final NoiseSchedule SCHEDULE = new NoiseSchedule(NoiseSchedule.Config.PUBLISHED);

  /** Network calls and first timesteps of the published samplers. */
  @ParameterizedTest
  @CsvSource({"REFERENCE, 50, 49, 961", "REFERENCE, 75, 76, 976", "DIFFUSERS, 50, 50, 981"})
  void visitsThePublishedTimesteps(Rule rule, int asked, int calls, int first) {
    List<Step> steps = DdimSchedule.of(SCHEDULE, rule, asked, 0).steps();
    assertEquals(calls, steps.size());
    assertEquals(first, steps.get(0).timestep());
    assertEquals(1, steps.get(calls - 1).timestep());
  }

  @ParameterizedTest
  @CsvSource({"REFERENCE, 20", "DIFFUSERS, 33"})
  void eachStepEndsWhereTheNextBegins(Rule rule, int asked) {
    List<Step> steps = DdimSchedule.of(SCHEDULE, rule, asked, 1).steps();
    for (int i = 0; i + 1 < steps.size(); i++) {
      assertEquals(steps.get(i).alphaPrevious(), steps.get(i + 1).alpha());
      assertTrue(steps.get(i).alpha() < steps.get(i).alphaPrevious());
      assertTrue(steps.get(i).sigma() > 0);
    }
    assertEquals(SCHEDULE.alphasCumprod(0), (float) steps.get(steps.size() - 1).alphaPrevious());
  }

  @Test
  void etaZeroAddsNoNoise() {
    DdimSchedule.of(SCHEDULE, Rule.REFERENCE, 10, 0)
        .steps()
        .forEach(step -> assertEquals(0, step.sigma()));
  }

  @ParameterizedTest
  @CsvSource({"0, 0, steps", "1001, 0, steps", "1, 0, steps", "10, -1, eta", "10, NaN, eta"})
  void refusesWhatCannotBeSampled(int asked, double eta, String named) {
    IllegalArgumentException refused =
        assertThrows(
            IllegalArgumentException.class,
            () -> DdimSchedule.of(SCHEDULE, Rule.REFERENCE, asked, eta));
    assertTrue(String.valueOf(refused.getMessage()).startsWith(named), refused.getMessage());
  }
}
