"""What can run: scorer images, their versions and the runtimes that use them."""
