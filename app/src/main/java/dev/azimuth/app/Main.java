package dev.azimuth.app;

import dev.azimuth.tensor.OutOfDeviceMemoryException;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.UncheckedIOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.UnmatchedArgumentException;

/** Entry point of the {@code azimuth} command. */
@Command(
    name = "azimuth",
    description = "One picture of an object and a camera move in; the object from there out.",
    mixinStandardHelpOptions = true,
    version = "Azimuth 0.1.0",
    scope = CommandLine.ScopeType.INHERIT,
    synopsisSubcommandLabel = "COMMAND",
    subcommands = {
      DemoCommand.class,
      SynthesizeCommand.class,
      OrbitCommand.class,
      SweepCommand.class,
      RenderCommand.class,
      SplitCommand.class,
      TrainCommand.class,
      EvaluateCommand.class,
      StudyCommand.class,
      VerifyCommand.class,
      InfoCommand.class,
      DiagnoseCommand.class,
      ConvertCommand.class
    })
public final class Main implements Runnable {
  @CommandLine.Spec private CommandLine.Model.CommandSpec spec;

  @Option(
      names = "--verbose",
      description = "Print a stack trace with an error.",
      scope = CommandLine.ScopeType.INHERIT)
  private boolean isVerbose;

  @SuppressWarnings("NullAway.Init") // picocli sets spec
  private Main() {}

  @Override
  public void run() {
    throw new ParameterException(spec.commandLine(), "which command? See azimuth --help");
  }

  /** Runs the command and exits with its status: 0 only on success. */
  public static void main(String[] args) {
    System.exit(execute(args));
  }

  /**
   * Runs the command.
   *
   * @return 0 on success, 1 on failure, 2 on arguments that can't be understood
   */
  public static int execute(String... args) {
    Main main = new Main();
    CommandLine line =
        new CommandLine(main)
            .setCaseInsensitiveEnumValuesAllowed(true)
            .setParameterExceptionHandler((e, _) -> refuse(e))
            .setExecutionExceptionHandler((e, command, _) -> fail(e, command, main.isVerbose));
    try {
      int status = line.execute(args);
      if (status == CommandLine.ExitCode.OK && System.out.checkError()) {
        throw new IOException("cannot write to standard output");
      }
      return status;
    } catch (IOException | OutOfMemoryError e) {
      return fail(e, line, main.isVerbose);
    }
  }

  private static int refuse(ParameterException e) {
    PrintWriter err = e.getCommandLine().getErr();
    String reason =
        switch (e) {
          case UnmatchedArgumentException word
              when e.getCommandLine().getParent() == null && !word.isUnknownOption() ->
              "no command %s; azimuth --help lists them".formatted(word.getUnmatched().get(0));
          default -> firstLine(e).replaceFirst("^Error: ", "");
        };
    err.println("azimuth: " + reason);
    return CommandLine.ExitCode.USAGE;
  }

  private static int fail(Throwable e, CommandLine line, boolean isVerbose) {
    tell("", e, line, isVerbose);
    return CommandLine.ExitCode.SOFTWARE;
  }

  /** Tells what is wrong with one of a command's files, after which the command goes on. */
  void refuse(Path file, Throwable e, CommandLine line) {
    // what went wrong with reading already names its file
    tell(e instanceof IOException ? "" : file + ": ", e, line, isVerbose);
  }

  private static void tell(String about, Throwable e, CommandLine line, boolean isVerbose) {
    PrintWriter err = line.getErr();
    err.println("azimuth: " + about + reason(e));
    if (isVerbose) {
      e.printStackTrace(err);
    }
  }

  private static String reason(Throwable e) {
    return switch (e) {
      case NoSuchFileException missing -> missing.getFile() + ": no such file";
      case NotDirectoryException file -> file.getFile() + ": not a folder";
      case FileAlreadyExistsException file -> file.getFile() + ": is in the way";
      case AccessDeniedException denied -> denied.getFile() + ": permission denied";
      case FileSystemException fs when fs.getReason() != null ->
          fs.getFile() + ": " + fs.getReason();
      case UncheckedIOException wrapped when wrapped.getCause() instanceof IOException cause ->
          reason(cause);
      case OutOfMemoryError _ ->
          "not enough memory (" + firstLine(e) + "); AZIMUTH_JAVA_OPTIONS=-Xmx16g asks for more";
      case IOException _, IllegalArgumentException _, ArithmeticException _ -> firstLine(e);
      case OutOfDeviceMemoryException _ -> firstLine(e);
      // anything else is a fault of ours: say so, and how to tell us more
      default -> "internal error: " + e + "; --verbose shows where";
    };
  }

  private static String firstLine(Throwable e) {
    String message = e.getMessage();
    return message == null ? e.getClass().getSimpleName() : message.lines().findFirst().orElse("");
  }
}
