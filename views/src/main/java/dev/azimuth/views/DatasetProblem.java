package dev.azimuth.views;

/**
 * Something wrong with a data set.
 *
 * @param uid the object
 * @param view its view, −1 if the object as a whole is meant
 * @param reason names the file
 */
public record DatasetProblem(String uid, int view, String reason) {}
