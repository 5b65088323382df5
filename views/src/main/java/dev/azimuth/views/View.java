package dev.azimuth.views;

/**
 * One picture of an object and where it was taken from.
 *
 * @param uid the object
 * @param index number of the view
 * @param image with its alpha, as stored
 * @param camera looks at the origin
 */
public record View(String uid, int index, Image image, Camera camera) {}
