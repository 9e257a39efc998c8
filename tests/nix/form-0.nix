{
  form = 0;
}
