package dev.azimuth.app;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;

/**
 * What a command answers.
 *
 * @param status its exit status
 * @param out its standard output
 * @param err its standard error
 */
record Console(int status, String out, String err) {
  /** The words of a command; each "?" in it stands for the next argument, whatever is in that. */
  static String[] words(String command, Object... args) {
    String[] words = command.isEmpty() ? new String[0] : command.split(" ");
    int next = 0;
    for (int i = 0; i < words.length; i++) {
      words[i] = words[i].equals("?") ? args[next++].toString() : words[i];
    }
    assertEquals(args.length, next, command);
    return words;
  }

  /** Runs a command, given as for {@link #words}, in this process. */
  static Console run(String command, Object... args) {
    PrintStream out = System.out;
    PrintStream err = System.err;
    ByteArrayOutputStream outBytes = new ByteArrayOutputStream();
    ByteArrayOutputStream errBytes = new ByteArrayOutputStream();
    String[] words = words(command, args);
    try {
      System.setOut(new PrintStream(outBytes, true, StandardCharsets.UTF_8));
      System.setErr(new PrintStream(errBytes, true, StandardCharsets.UTF_8));
      int status = Main.execute(words);
      return new Console(
          status,
          outBytes.toString(StandardCharsets.UTF_8),
          errBytes.toString(StandardCharsets.UTF_8));
    } finally {
      System.setOut(out);
      System.setErr(err);
    }
  }
}
