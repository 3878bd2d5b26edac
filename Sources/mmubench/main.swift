print("mmubench")
